namespace Winnow.Tests.Tokenization.Templates;

/// <summary>Templates written in the style of well-known families.</summary>
internal static class ModelTemplates
{
    public const string Llama2 = """
        {%- if messages[0]['role'] == 'system' -%}
            {%- set intro = '<<SYS>>\n' + messages[0]['content'] | trim + '\n<</SYS>>\n\n' -%}
            {%- set turns = messages[1:] -%}
        {%- else -%}
            {%- set intro = '' -%}
            {%- set turns = messages -%}
        {%- endif -%}
        {%- for turn in turns -%}
            {%- if (turn['role'] == 'user') != (loop.index0 % 2 == 0) -%}
                {{ raise_exception('user and assistant must take turns') }}
            {%- endif -%}
            {%- if turn['role'] == 'user' -%}
                {{ bos_token ~ '[INST] ' ~ (intro if loop.first else '') ~ turn['content'].strip() ~ ' [/INST]' }}
            {%- else -%}
                {{ ' ' ~ turn['content'] | trim ~ ' ' ~ eos_token }}
            {%- endif -%}
        {%- endfor -%}
        """;

    public const string Llama3 = """
        {% set ns = namespace(today=date_string if date_string is defined else strftime_now('%d %b %Y')) %}
        {{- bos_token }}
        {%- for m in messages %}
            {%- set head = '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' %}
            {%- if loop.first and m.role == 'system' %}
                {{- head + 'Today Date: ' + ns.today + '\n\n' + m.content | trim + '<|eot_id|>' }}
            {%- else %}
                {{- head + m.content | trim + '<|eot_id|>' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}
        {%- endif %}
        """;

    public const string ChatMlTools = """
        {%- if tools %}
            {{- '<|im_start|>system\n' }}
            {%- if messages and messages[0].role == 'system' %}{{- messages[0].content + '\n\n' }}{%- endif %}
            {{- '# Tools\n<tools>' }}
            {%- for tool in tools %}
                {{- '\n' }}{{- tool | tojson }}
            {%- endfor %}
            {{- '\n</tools><|im_end|>\n' }}
        {%- endif %}
        {%- for message in messages if not (tools and message.role == 'system') %}
            {%- if message.role in ['user', 'system'] or (message.role == 'assistant' and not message.tool_calls) %}
                {{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}
            {%- elif message.role == 'assistant' %}
                {{- '<|im_start|>assistant' }}
                {%- if message.content %}{{- '\n' + message.content }}{%- endif %}
                {%- for call in message.tool_calls %}
                    {%- if call.function is defined %}{%- set call = call.function %}{%- endif %}
                    {{- '\n<tool_call>\n{"name": "' ~ call.name ~ '", "arguments": ' ~ call.arguments | tojson ~ '}\n</tool_call>' }}
                {%- endfor %}
                {{- '<|im_end|>\n' }}
            {%- elif message.role == 'tool' %}
                {%- if loop.previtem is not defined or loop.previtem.role != 'tool' %}{{- '<|im_start|>user' }}{%- endif %}
                {{- '\n<tool_response>\n' + message.content + '\n</tool_response>' }}
                {%- if loop.last or loop.nextitem.role != 'tool' %}{{- '<|im_end|>\n' }}{%- endif %}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}
        """;

    public const string Gemma = """
        {{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}
        {% for message in messages %}
            {% set role = 'model' if message['role'] == 'assistant' else message['role'] %}
        {{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}
        {%- endfor %}
        {% if add_generation_prompt %}
        {{ '<start_of_turn>model\n' }}
        {% endif %}
        """;

    public const string Phi3 = """
        {% for message in messages %}{% if message['role'] == 'system' %}{{'<|system|>
        ' + message['content'] + '<|end|>
        '}}{% elif message['role'] == 'user' %}{{'<|user|>
        ' + message['content'] + '<|end|>
        '}}{% else %}{{'<|assistant|>
        ' + message['content'] + '<|end|>
        '}}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>
        ' }}{% else %}{{ eos_token }}{% endif %}
        """;

    public const string Mistral = """
        {%- set loop_messages = messages | rejectattr('role', 'equalto', 'system') | list %}
        {%- set system = messages | selectattr('role', 'equalto', 'system') | map(attribute='content') | join('\n') %}
        {%- macro instruct(text, prefix='') -%}
            [INST] {% if prefix %}{{ prefix }}{{ '\n\n' }}{% endif %}{{ text }}[/INST]
        {%- endmacro %}
        {{- bos_token }}
        {%- for message in loop_messages %}
            {%- if message['role'] == 'user' %}
                {{- instruct(message.content, prefix=system if loop.last else '') }}
            {%- else %}
                {{- ' ' + message['content'].strip() + eos_token }}
            {%- endif %}
        {%- endfor %}
        """;
}
