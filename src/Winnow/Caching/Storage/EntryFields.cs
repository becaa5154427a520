namespace Winnow.Caching.Storage;

/// <summary>What a lane remembers of each entry besides key, value and position. A policy asks only for what it uses.</summary>
[Flags]
public enum EntryFields
{
    /// <summary>Nothing more.</summary>
    None = 0,

    /// <summary>A running score, such as the attention mass received so far.</summary>
    Scores = 1,

    /// <summary>How many tokens the entry stands for, and the bias that follows from it.</summary>
    Weights = 2,

    /// <summary>A byte of the policy's own, such as «special token».</summary>
    Flags = 4,

    /// <summary>A mask of the query heads in the group that see the entry.</summary>
    HeadMasks = 8,

    /// <summary>The entry's rank by position among the live entries; keys are stored unrotated.</summary>
    Ranks = 16,
}
