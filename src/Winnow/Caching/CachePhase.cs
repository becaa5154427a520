namespace Winnow.Caching;

/// <summary>Where a forward pass stands in the life of a request.</summary>
internal enum CachePhase
{
    /// <summary>A part of a prompt, with more to come.</summary>
    Chunk,

    /// <summary>The last part of a prompt.</summary>
    LastChunk,

    /// <summary>One generated token.</summary>
    Step,

    /// <summary>A chunk of a document with the question after it.</summary>
    Guided,

    /// <summary>A text read for the observer's sake and dropped again.</summary>
    Replay,
}
