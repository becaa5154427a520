using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization.Templates;

/// <summary>Every expected text here was checked against the reference implementation of Jinja with the options that Hugging Face sets.</summary>
public sealed class TemplateLanguageTests
{
    private static readonly Dictionary<string, object?> s_variables = new()
    {
        ["x"] = 5L,
        ["s"] = "  Hello World ",
        ["items"] = new object?[] { 3L, 1L, 2L },
        ["people"] = new object?[]
        {
            new Dictionary<string, object?> { ["name"] = "Ann", ["age"] = 30L },
            new Dictionary<string, object?> { ["name"] = "bob", ["age"] = 25L },
        },
        ["nothing"] = null,
        ["map"] = new Dictionary<string, object?> { ["b"] = 1L, ["a"] = "it's" },
    };

    public static TheoryData<string, string> Cases { get; } = new()
    {
        { "{{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 1 + 2 * 3 }} {{ 4 / 2 }}", "3 -4 2 3.5 8 7 2.0" },
        { "{{ 'a' ~ 1 ~ none ~ true }}{{ 'ab' * 2 }}{{ 'x' + 'y' }}", "a1NoneTrueababxy" },
        { "{{ 1 < 2 < 3 }} {{ 1 < 2 > 3 }} {{ not x == 5 }} {{ 'a' in 'cat' }} {{ 9 not in items }}", "True False False True True" },
        { "{{ x if x > 3 else 'small' }}{{ 'no' if false }}|{{ missing }}|{{ missing is defined }}", "5||False" },
        { "{{ items[-1] }}{{ items[1:] }}{{ items[::-1] }}{{ 'abcdef'[1:5:2] }}{{ 'abc'[-2:] }}{{ items[:-1] }}", "2[1, 2][2, 1, 3]bdbc[3, 1]" },
        { "{{ s | trim | upper }}|{{ s.strip().split(' ') }}|{{ s.lstrip() }}|{{ 'a,b,c'.split(',', 1) }}", "HELLO WORLD|['Hello', 'World']|Hello World |['a', 'b,c']" },
        { "{{ people | map(attribute='name') | join(', ') }}|{{ people | selectattr('age', 'gt', 26) | map(attribute='name') | list }}", "Ann, bob|['Ann']" },
        { "{{ people | sort(attribute='age') | map(attribute='name') | first }}|{{ items | sort(reverse=true) }}|{{ [1,2,1] | unique | list }}", "bob|[3, 2, 1]|[1, 2]" },
        { "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}{{ map }}", "b=1;a=it's;{'b': 1, 'a': \"it's\"}" },
        { "{% for k, v in map | dictsort %}{{ k }}{% endfor %}{{ map.get('z', 7) }}{{ map.b }}{{ map['a'] }}", "ab71it's" },
        { "{% for i in items if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }}{{ ',' if not loop.last }}{% else %}none{% endfor %}", "1/2:3,2/2:2" },
        { "{% for i in [] %}x{% else %}empty{% endfor %}", "empty" },
        { "{% for i in range(10) %}{% if i == 2 %}{% continue %}{% endif %}{% if i == 5 %}{% break %}{% endif %}{{ i }}{% endfor %}", "0134" },
        { "{% for i in items %}{{ loop.previtem if loop.previtem is defined else '-' }}{{ loop.nextitem | default('+') }} {% endfor %}", "-1 32 1+ " },
        { "{% set a, b = 1, 'z' %}{{ a }}{{ b }}{% set t %}in {{ x }}{% endset %}[{{ t }}]{% set u | upper %}abc{% endset %}{{ u }}", "1z[in 5]ABC" },
        { "{% set n = namespace(k=0) %}{% for i in items %}{% set n.k = n.k + i %}{% set x = 99 %}{% endfor %}{{ n.k }} {{ x }}", "6 5" },
        { "{% macro m(a, b='B', c=none) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m('q', 'r') }}", "1BNone1B3qrNone" },
        { "{{ map | tojson }}{{ items | tojson(indent=2) }}{{ 'a\"\\n' | tojson }}{{ [] | tojson }}{{ 1.0 | tojson }}", "{\"b\": 1, \"a\": \"it's\"}[\n  3,\n  1,\n  2\n]\"a\\\"\\n\"[]1.0" },
        { "a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc" },
        { "a  {%- if true -%}  b  {%- endif -%}  c", "abc" },
        { "a {# note #} b\n{# gone #}\nc {{- ' d' -}} \n e\n", "a  b\nc de" },
        { "  {%+ if true %}x{% endif +%}\ny", "  x\ny" },
        { "{{ 3 is odd }}{{ 4 is even }}{{ nothing is none }}{{ s is string }}{{ map is mapping }}{{ items is iterable }}{{ x is number }}{{ true is boolean }}", "TrueTrueTrueTrueTrueTrueTrueTrue" },
        { "{{ x is not none and x is equalto 5 }}{{ 5 is in items }}{{ x is divisibleby 5 }}{{ map is sequence }}", "TrueFalseTrueTrue" },
        { "{{ missing | default('d') }}{{ '' | default('e', true) }}{{ '12' | int + 1 }}{{ 'z' | int(4) }}{{ 3.7 | int }}{{ '1.5' | float }}", "de13431.5" },
        { "{{ 'hello world' | title }}{{ 'ABC' | capitalize }}{{ 'aXbX' | replace('X', '-') }}{{ [1,2,3] | last }}{{ 'abc' | length }}", "Hello WorldAbca-b-33" },
        { "{% set l = [] %}{% for i in range(3) %}{{ l.append(i) or '' }}{% endfor %}{{ l }}{{ l + [9] }}", "[0, 1, 2][0, 1, 2, 9]" },
        { "{{ 'abc'.startswith('a') }}{{ 'abc'.endswith(('x', 'c')) }}{{ 'a-b'.replace('-', '+') }}{{ dict(a=1).a }}{{ (1, 2)[0] }}", "TrueTruea+b11" },
        { "{% if x == 1 %}1{% elif x == 5 %}5{% else %}?{% endif %}{{ -x | abs }}{{ 'a' 'b' }}{{ {'k': [1, {'n': 2}]}.k[1].n }}", "55ab2" },
        { "{% generation %}said{% endgeneration %}{{ true and 'yes' or 'no' }}{{ none or 'fallback' }}{{ [] and 1 }}", "saidyesfallback[]" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_template_renders_as_the_reference_does(string template, string expected) =>
        Assert.Equal(expected, ChatTemplate.Parse(template).Render([], addGenerationPrompt: false, variables: s_variables));

    [Theory]
    [InlineData("a\n{% bogus %}", "line 2", "'bogus'")]
    [InlineData("{{ x | sparkle }}", "line 1", "'sparkle'")]
    [InlineData("{{ x is shiny }}", "line 1", "'is shiny'")]
    [InlineData("\n\n{% if x %}", "line 3", "'endif'")]
    [InlineData("{{ missing.name }}", "line 1", "'missing' is undefined")]
    [InlineData("{{ 1 + 'a' }}", "line 1", "'+' does not work")]
    [InlineData("{{ 1 // 0 }}", "line 1", "division by zero")]
    [InlineData("{{ 'open }}", "line 1", "never closed")]
    [InlineData("{{ [1, 'a'] | sort }}", "line 1", "cannot be ordered")]
    [InlineData("{{ missing() }}", "line 1", "not a function")]
    [InlineData("{% break %}", "line 1", "outside any loop")]
    [InlineData("x{% endif %}", "line 1", "'endif'")]
    public void A_faulty_template_names_the_line_and_the_fault(string template, string line, string fault)
    {
        WinnowException error = Assert.Throws<WinnowException>(
            () => ChatTemplate.Parse(template).Render([], addGenerationPrompt: false, variables: s_variables));
        Assert.Contains(line, error.Message);
        Assert.Contains(fault, error.Message);
    }

    [Theory]
    [InlineData("{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}")]
    [InlineData("{% set n = namespace(t='x') %}{% for a in range(64) %}{% set n.t = n.t ~ n.t %}{% endfor %}")]
    [InlineData("{{ 'abc' * 9999999999 }}")]
    [InlineData("{{ range(99999999999) }}")]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")]
    [InlineData("{% set l = [] %}{{ l.append(l) }}{{ l }}")]
    [InlineData("{% set l = [] %}{{ l.append(l) }}{{ l | tojson }}")]
    [InlineData("{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}{{ n.l | tojson }}")]
    [InlineData("{% set n = namespace(l=[1]) %}{% for i in range(60) %}{% set n.l = n.l + n.l %}{% endfor %}")]
    [InlineData("{% set n = namespace(l=[1], m=[1]) %}{% for i in range(60) %}{% set n.l = [n.l, n.l] %}{% set n.m = [n.m, n.m] %}{% endfor %}{{ n.l == n.m }}")]
    public void A_hostile_template_ends_in_an_error(string template) =>
        Assert.Throws<WinnowException>(() => ChatTemplate.Parse(template).Render([], addGenerationPrompt: false));

    [Theory]
    [InlineData("{{ ", "(", "")]
    [InlineData("{{ ", "not ", "")]
    [InlineData("{{ 1", " + 1", " }}")]
    [InlineData("{{ x", ".x", " }}")]
    [InlineData("{{ -", "-", "1 }}")]
    [InlineData("", "{% if x %}", "")]
    [InlineData("{{ x", " if x else x", " }}")]
    public void Nesting_without_end_is_refused_and_not_a_crash(string head, string repeated, string tail) =>
        Assert.Throws<WinnowException>(() =>
            ChatTemplate.Parse(head + string.Concat(Enumerable.Repeat(repeated, 200_000)) + tail).Render([], addGenerationPrompt: false));

    [Fact]
    public void The_date_follows_the_format() => Assert.Equal(
        "05 Mar 2024|Tuesday, March 05|2024-03-05 07:08:09 100%",
        ChatTemplate.Parse("{{ strftime_now('%d %b %Y|%A, %B %d|%F %T 100%%') }}", new FixedClock()).Render([], addGenerationPrompt: false));

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2024, 3, 5, 7, 8, 9, TimeSpan.Zero);
    }
}
