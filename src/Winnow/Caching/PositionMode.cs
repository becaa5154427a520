namespace Winnow.Caching;

/// <summary>Where a cached key stands for the rotary embedding.</summary>
public enum PositionMode
{
    /// <summary>At its true position in the text: rotated once, when written. Gaps stay where entries were dropped.</summary>
    Original,

    /// <summary>At its rank among the live entries: stored unrotated and turned when read, so a text may outgrow the trained window.</summary>
    Rolling,
}
