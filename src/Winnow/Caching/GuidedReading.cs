namespace Winnow.Caching;

/// <summary>Where a policy that reads a document chunk by chunk stands.</summary>
/// <param name="DocumentTokens">Tokens of the prompt before the question.</param>
/// <param name="QuestionTokens">Tokens of the question and of everything after it.</param>
/// <param name="Read">Document tokens read so far, in <see cref="CacheSession.AfterGuidedChunk"/> with the chunk at hand.</param>
/// <param name="ChunkTokens">Tokens of the chunk at hand; 0 before it is chosen.</param>
/// <param name="LiveEntries">Entries that the longest lane held before the chunk.</param>
/// <param name="ContextLength">The model's window.</param>
public readonly record struct GuidedReading(int DocumentTokens, int QuestionTokens, int Read, int ChunkTokens, int LiveEntries, int ContextLength);
