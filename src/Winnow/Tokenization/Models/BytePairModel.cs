using Microsoft.ML.Tokenizers;

namespace Winnow.Tokenization.Models;

/// <summary>
/// Byte-pair encoding with ranked merges, on Microsoft.ML.Tokenizers' BpeTokenizer. Added here is what that class lacks: whole words taken from the
/// vocabulary before any merge ("ignore merges", Llama 3), bytes for characters outside the vocabulary ("byte fallback"), and long words in
/// less than quadratic time.
/// </summary>
internal sealed class BytePairModel : WordModel
{
    private readonly BpeTokenizer _bpe;
    private readonly Dictionary<string, int> _ids;
    private readonly BytePairOptions _options;
    private readonly Lazy<MergeTable> _long;
    private readonly ByteFallback _fallback;

    public BytePairModel(Dictionary<string, int> ids, IReadOnlyList<(string Left, string Right)> merges, BytePairOptions options)
    {
        _ids = ids;
        _options = options;
        _long = new Lazy<MergeTable>(() => MergeTable.Create(ids, merges));
        _fallback = ByteFallback.FromNames(ids, options.ByteFallback, options.UnknownId);
        if (options.ByteFallback && !_fallback.HasBytes)
            throw new WinnowException("the tokenizer asks for byte fallback but its vocabulary lacks some of '<0x00>' to '<0xFF>'; the file is broken");
        try
        {
            _bpe = BpeTokenizer.Create(new BpeOptions(ids)
            {
                // Words arrive in the byte-level alphabet already where the vocabulary uses it.
                ByteLevel = false,
                Merges = merges.Where(IsPlain).Select(merge => merge.Left + " " + merge.Right),
            });
        }
        catch (Exception error) when (error is InvalidOperationException or ArgumentException)
        {
            throw new WinnowException($"the tokenizer's merges cannot be used: {error.Message}", error);
        }
        HasSpacedMerges = !merges.All(IsPlain);
    }

    /// <summary>Whether a merge has a piece with a space in it, which BpeTokenizer's merge lines cannot express.</summary>
    private bool HasSpacedMerges { get; }

    public override void Encode(string word, List<int> ids)
    {
        if (_options.ByteLevel)
            word = ByteLevelAlphabet.Encode(word);
        if (_options.WholeWordsFirst && _ids.TryGetValue(word, out int whole))
        {
            ids.Add(whole);
            return;
        }
        if (_options.ByteLevel)
            EncodeKnown(word, ids);
        else
            EncodeWithFallback(word, ids);
    }

    private static bool IsPlain((string Left, string Right) merge) => !merge.Left.Contains(' ') && !merge.Right.Contains(' ');

    private void EncodeKnown(string word, List<int> ids)
    {
        if (word.Length > MergeTable.LongWord || HasSpacedMerges)
            _long.Value.Encode(word, ids);
        else
            ids.AddRange(_bpe.EncodeToIds(word, considerPreTokenization: false, considerNormalization: false));
    }

    private void EncodeWithFallback(string word, List<int> ids)
    {
        Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> lookup = _ids.GetAlternateLookup<ReadOnlySpan<char>>();
        int start = 0;
        bool unknownBefore = false;
        for (int i = 0; i < word.Length;)
        {
            int length = i + 1 < word.Length && char.IsSurrogatePair(word[i], word[i + 1]) ? 2 : 1;
            if (lookup.ContainsKey(word.AsSpan(i, length)))
            {
                unknownBefore = false;
            }
            else
            {
                if (i > start)
                    EncodeKnown(word[start..i], ids);
                _fallback.Encode(word.AsSpan(i, length), unknownBefore && _options.FuseUnknown, ids);
                unknownBefore = true;
                start = i + length;
            }
            i += length;
        }
        if (start < word.Length)
            EncodeKnown(word[start..], ids);
    }
}

/// <summary>How a byte-pair model treats words and characters.</summary>
/// <param name="ByteLevel">Words are spelt in the byte-level alphabet, so that every byte has a piece.</param>
/// <param name="WholeWordsFirst">A word that is in the vocabulary is taken whole, whatever the merges say.</param>
/// <param name="ByteFallback">Characters outside the vocabulary become <c>&lt;0xNN&gt;</c> tokens.</param>
/// <param name="UnknownId">Id for characters outside the vocabulary when there is no byte fallback; without one they are dropped.</param>
/// <param name="FuseUnknown">Neighbouring unknown characters share one id.</param>
internal sealed record BytePairOptions(
    bool ByteLevel, bool WholeWordsFirst = false, bool ByteFallback = false, int? UnknownId = null, bool FuseUnknown = false);
