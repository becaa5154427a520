using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Winnow.Tests.Tokenization.Templates;
using Winnow.Tokenization;

namespace Winnow.Tests.Tokenization;

public sealed class ChatTemplateTests
{
    private static readonly ChatMessage[] s_turns =
        [new("system", " Be brief. "), new("user", "Hi"), new("assistant", " Hello! "), new("user", "Bye")];

    private static readonly Dictionary<string, object?> s_date = new() { ["date_string"] = "26 Jul 2024" };

    [Fact]
    public void The_template_inside_SmolLm2_opens_with_its_own_system_turn()
    {
        ChatTemplate template = ChatTemplate.Parse(GgufTokenizerTests.SmolLm2.ChatTemplate!);
        Assert.Equal(
            "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n" +
            "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
            template.Render([new ChatMessage("user", "Hi")], addGenerationPrompt: true));
        Assert.Equal(
            "<|im_start|>system\n Be brief. <|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n Hello! <|im_end|>\n<|im_start|>user\nBye<|im_end|>\n",
            template.Render(s_turns, addGenerationPrompt: false));
    }

    [Fact]
    public void Llama_2_puts_the_system_text_into_the_first_instruction() => Assert.Equal(
        "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello! </s><s>[INST] Bye [/INST]",
        ChatTemplate.Parse(ModelTemplates.Llama2).Render(s_turns, addGenerationPrompt: true, "<s>", "</s>"));

    [Fact]
    public void Llama_3_heads_every_turn() => Assert.Equal(
        "<|bos|><|start_header_id|>system<|end_header_id|>\n\nToday Date: 26 Jul 2024\n\nBe brief.<|eot_id|>" +
        "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nHello!<|eot_id|>" +
        "<|start_header_id|>user<|end_header_id|>\n\nBye<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
        ChatTemplate.Parse(ModelTemplates.Llama3).Render(s_turns, addGenerationPrompt: true, "<|bos|>", variables: s_date));

    [Fact]
    public void Gemma_calls_the_assistant_model() => Assert.Equal(
        "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello!<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n<start_of_turn>model\n\n",
        ChatTemplate.Parse(ModelTemplates.Gemma).Render(s_turns[1..], addGenerationPrompt: true, "<bos>"));

    [Fact]
    public void Phi_3_has_line_breaks_inside_its_strings() => Assert.Equal(
        "<|system|>\n Be brief. <|end|>\n<|user|>\nHi<|end|>\n<|assistant|>\n Hello! <|end|>\n<|user|>\nBye<|end|>\n<|assistant|>\n",
        ChatTemplate.Parse(ModelTemplates.Phi3).Render(s_turns, addGenerationPrompt: true));

    [Fact]
    public void Mistral_tells_the_system_text_with_the_last_question() => Assert.Equal(
        "<s>[INST] Hi[/INST] Hello!</s>[INST]  Be brief. \n\nBye[/INST]",
        ChatTemplate.Parse(ModelTemplates.Mistral).Render(s_turns, addGenerationPrompt: true, "<s>", "</s>"));

    [Fact]
    public void ChatMl_with_tools_writes_schemas_calls_and_answers()
    {
        using JsonDocument tools = JsonDocument.Parse("""[{"type":"function","function":{"name":"add","parameters":{"a":1.5,"ü":[true,null]}}}]""");
        using JsonDocument messages = JsonDocument.Parse("""
            [{"role":"user","content":"1+1?"},
             {"role":"assistant","content":"","tool_calls":[{"function":{"name":"add","arguments":{"a":1,"b":"<x>"}}}]},
             {"role":"tool","content":"2"},{"role":"tool","content":"two"}]
            """);
        var variables = new Dictionary<string, object?> { ["tools"] = tools.RootElement, ["messages"] = messages.RootElement };
        Assert.Equal(
            "<|im_start|>system\n# Tools\n<tools>\n{\"type\": \"function\", \"function\": {\"name\": \"add\", \"parameters\": {\"a\": 1.5, \"ü\": [true, null]}}}\n</tools><|im_end|>\n" +
            "<|im_start|>user\n1+1?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": \"<x>\"}}\n</tool_call><|im_end|>\n" +
            "<|im_start|>user\n<tool_response>\n2\n</tool_response>\n<tool_response>\ntwo\n</tool_response><|im_end|>\n<|im_start|>assistant\n",
            ChatTemplate.Parse(ModelTemplates.ChatMlTools).Render([], addGenerationPrompt: true, variables: variables));
    }

    [Fact]
    public void A_template_that_refuses_a_conversation_says_why_and_where()
    {
        WinnowException error = Assert.Throws<WinnowException>(
            () => ChatTemplate.Parse(ModelTemplates.Llama2).Render([new ChatMessage("assistant", "Hi")], addGenerationPrompt: true));
        Assert.Contains("line 10", error.Message);
        Assert.Contains("user and assistant must take turns", error.Message);
    }

    [Fact]
    public void Mutated_templates_render_or_fail_with_one_clear_error()
    {
        string[] sources = [ModelTemplates.Llama2, ModelTemplates.Llama3, ModelTemplates.ChatMlTools, ModelTemplates.Gemma, ModelTemplates.Phi3, ModelTemplates.Mistral];
        string[] scraps = ["{{", "}}", "{%", "%}", "-%}", "'", "(", ")", "[", "|", " if ", " endfor ", " is ", "~", "*", "1", "loop.", "messages", "{# ", " for "];
        Gen<(int Source, int[] Edits)> gen = from source in Gen.Choose(0, sources.Length - 1)
                                             from edits in Gen.ArrayOf(Gen.Choose(0, int.MaxValue - 1), 4)
                                             select (source, edits);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(gen.ToArbitrary(), pick =>
        {
            string text = sources[pick.Source];
            foreach (int edit in pick.Edits)
            {
                int at = edit / 64 % text.Length;
                text = (edit % 3) switch
                {
                    0 => text.Remove(at, Math.Min(1 + (edit % 7), text.Length - at)),
                    1 => text.Insert(at, scraps[edit % scraps.Length]),
                    _ => text.Insert(at, text.Substring(edit / 997 % text.Length, Math.Min(12, text.Length - (edit / 997 % text.Length)))),
                };
            }
            try
            {
                ChatTemplate.Parse(text).Render(s_turns, addGenerationPrompt: true, "<s>", "</s>", s_date);
            }
            catch (WinnowException error)
            {
                Assert.Contains("line ", error.Message);
            }
        }));
    }
}
