namespace Winnow.Caching.Spectral;

/// <summary>How much of a lane is stored how: worked out once, when a text first outgrows its budget.</summary>
/// <param name="Init">First tokens that stay as they are.</param>
/// <param name="Local">Newest tokens that stay as they are.</param>
/// <param name="Frequencies">k.</param>
/// <param name="Share">Share of the middle's channels to compress, a mean over layers, keys and values.</param>
public readonly record struct SpectralPlan(int Init, int Local, int Frequencies, double Share)
{
    // More frequencies for more compressed channels, or fewer for fewer: on a text of 1,262 tokens a half did better than less, see the page of the policy.
    private const double StatesOfMiddle = 0.5;

    /// <summary>Bytes of a compressed channel's scale and offset.</summary>
    private const int Constants = 8;

    /// <summary>Tokens of the raw window.</summary>
    public int Window => Init + Local;

    /// <summary>Whether a text of this length gains by compression at all, as the paper's rule has it.</summary>
    public bool Pays(int length) => length > (long)Window + 2L * Frequencies;

    /// <summary>Sizes window, frequencies and share so that a lane takes its budget; what was chosen by the user stays as it is.</summary>
    /// <param name="request">Lane, budget and choices.</param>
    public static SpectralPlan Solve(in Request request)
    {
        int window = Math.Clamp(WindowOf(request), 2, Math.Max(2, request.Length - 1));
        int init = Math.Min(request.Init, window / 2), local = window - init;
        int middle = Math.Max(1, request.Length - window);
        double channels = 2.0 * request.HeadDim;
        double kept = 2.0 * Storage.KvLayout.PagesFor(middle) * Winnow.Kernels.Spectral.SpectralBasis.Block;
        // Bytes that each channel of the middle may take.
        double each = Math.Max(0, request.Budget * request.EntryBytes - window * request.EntryBytes) / channels;
        int frequencies = request.Frequencies ?? (request.Share is { } given
            ? (int)Math.Min(middle / 4, Fitting((each - (1 - given) * kept) / Math.Max(given, 1e-9), request.StateBytes))
            : (int)Math.Min(middle / 4, Fitting(each * StatesOfMiddle, request.StateBytes)));
        frequencies = Math.Max(1, frequencies);
        double compressed = (2.0 * frequencies * request.StateBytes) + Constants;
        double share = request.Share ?? (compressed < kept ? Math.Clamp((kept - each) / (kept - compressed), 0, 1) : 0);
        return new SpectralPlan(init, local, frequencies, share);
    }

    private static int WindowOf(in Request request)
    {
        if (request.Local is { } local)
            return request.Init + local;
        int window = (int)Math.Min(request.Budget * request.WindowShare, 1024);
        // Whole pages, where there is one: a page that is begun takes its bytes.
        return window < 64 ? window : window / 64 * 64;
    }

    /// <summary>k, of which sums of so many bytes have room beside the constants; whole vectors where there are several.</summary>
    private static double Fitting(double bytes, int stateBytes)
    {
        double count = Math.Floor(Math.Max(0, bytes - Constants) / (2 * stateBytes));
        return count < 16 ? count : Math.Floor(count / 8) * 8;
    }

    /// <summary>What a plan starts from.</summary>
    /// <param name="Length">Tokens.</param>
    /// <param name="Budget">Entries that the lane's bytes must not exceed.</param>
    /// <param name="HeadDim">Channels of a key or a value.</param>
    /// <param name="EntryBytes">Bytes of an ordinary entry.</param>
    /// <param name="StateBytes">Bytes of a sum.</param>
    /// <param name="Init">First tokens that stay.</param>
    /// <param name="WindowShare">Share of the budget for the raw window.</param>
    /// <param name="Local">Newest tokens that stay, where the user chose.</param>
    /// <param name="Frequencies">k, where the user chose.</param>
    /// <param name="Share">Share to compress, where the user or a file chose.</param>
    public readonly record struct Request(
        int Length, int Budget, int HeadDim, double EntryBytes, int StateBytes, int Init, double WindowShare, int? Local, int? Frequencies, double? Share);
}
