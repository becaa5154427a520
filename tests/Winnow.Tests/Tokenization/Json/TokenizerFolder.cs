namespace Winnow.Tests.Tokenization.Json;

/// <summary>A folder with tokenizer files that goes away again.</summary>
internal sealed class TokenizerFolder : IDisposable
{
    /// <summary>Llama style: merges over characters, ▁ for spaces, bytes for the rest.</summary>
    public const string LlamaStyle = """
        {"version":"1.0",
         "added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},{"id":2,"content":"</s>","special":true},
                         {"id":270,"content":"[x]","special":false,"lstrip":true,"rstrip":true}],
         "normalizer":{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]},
         "pre_tokenizer":null,
         "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
            "pair":[],"special_tokens":{"<s>":{"id":"<s>","ids":[1],"tokens":["<s>"]}}},
         "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},
            {"type":"Strip","content":" ","start":1,"stop":0}]},
         "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":true,"byte_fallback":true,
            "vocab":{"<unk>":0,"<s>":1,"</s>":2,BYTES,"▁":259,"a":260,"b":261,"c":262,"▁a":263,"ab":264,"abc":265,"▁▁":266,"▁abc":267},
            "merges":["a b","ab c",["▁","▁"],"▁ abc","▁ a"]}}
        """;

    /// <summary>GPT-2 style: byte-level with a normalizer and a pattern.</summary>
    public const string ByteLevelStyle = """
        {"added_tokens":[{"id":20,"content":"<|end|>","special":true}],
         "normalizer":{"type":"NFC"},
         "pre_tokenizer":{"type":"Sequence","pretokenizers":[
            {"type":"Split","pattern":{"Regex":"(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}{1,2}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s+"},"behavior":"Isolated","invert":false},
            {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
         "post_processor":{"type":"Sequence","processors":[{"type":"ByteLevel"},{"type":"RobertaProcessing","sep":["<|end|>",20],"cls":["<|end|>",20]}]},
         "decoder":{"type":"ByteLevel"},
         "model":{"type":"BPE","ignore_merges":true,"vocab":{"a":0,"b":1,"Ġ":2,"Ã":3,"©":4,"1":5,"2":6,"3":7,"Ġa":8,"ab":9,"Ã©":10,"12":11,"'":12,"s":13,"Ġab":14,"!":15,"!!":16},
            "merges":[["Ġ","a"],["a","b"],["Ã","©"],["1","2"],["!","!"]]}}
        """;

    /// <summary>T5 style: unigram over ▁ words.</summary>
    public const string UnigramStyle = """
        {"added_tokens":[{"id":0,"content":"<pad>","special":true},{"id":1,"content":"</s>","special":true},{"id":2,"content":"<unk>","special":true}],
         "normalizer":{"type":"Lowercase"},
         "pre_tokenizer":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always","split":true},
         "post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"</s>","type_id":0}}],
            "special_tokens":{"</s>":{"id":"</s>","ids":[1],"tokens":["</s>"]}}},
         "decoder":{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"},
         "model":{"type":"Unigram","unk_id":2,"vocab":[["<pad>",0.0],["</s>",0.0],["<unk>",0.0],["▁",-3.0],["▁the",-4.0],["▁t",-4.5],["he",-4.6],["cat",-5.0],["c",-6.0],["at",-6.5],["s",-3.5]]}}
        """;

    public TokenizerFolder(string tokenizer)
    {
        Path = Directory.CreateTempSubdirectory("winnow-tokenizer-").FullName;
        Write("tokenizer.json", tokenizer);
    }

    public string Path { get; }

    /// <summary>The Llama-style file with its 256 byte pieces.</summary>
    public static string Llama { get; } = LlamaStyle
        .Replace("BYTES", string.Join(',', Enumerable.Range(0, 256).Select(value => $"\"<0x{value:X2}>\":{value + 3}")), StringComparison.Ordinal)
        .Replace("[\"▁\",\"▁\"]", "\"▁ ▁\"", StringComparison.Ordinal);

    public void Write(string name, string content) => File.WriteAllText(System.IO.Path.Combine(Path, name), content);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
