using Winnow.Kernels.Attention;

namespace Winnow.Kernels.Tests.Attention;

/// <summary>Attention as the textbook writes it, in double precision: the oracle.</summary>
internal static class PlainAttention
{
    /// <summary>Returns outputs [tokens, queryHeads, headDim] and, for each lane, column sums over tokens and grouped heads.</summary>
    public static (double[] Output, double[][] ColumnSums) Compute(in AttentionRequest request, LaneFixture[] lanes, int headDim)
    {
        double[] output = new double[request.Tokens * request.QueryHeads * headDim];
        double[][] sums = [.. lanes.Select(lane => new double[lane.Length])];
        for (int token = 0; token < request.Tokens; token++)
        {
            for (int head = 0; head < request.QueryHeads; head++)
            {
                int group = head % request.GroupSize;
                int lane = head / request.GroupSize;
                int offset = (token * request.QueryHeads + head) * headDim;
                double[] p = Probabilities(request, lanes[lane], request.Queries.Slice(offset, headDim), group, request.FirstPositions[0] + token);
                for (int entry = 0; entry < p.Length; entry++)
                {
                    sums[lane][entry] += p[entry];
                    for (int i = 0; i < headDim; i++)
                        output[offset + i] += p[entry] * lanes[lane].Values[entry][i];
                }
            }
        }

        return (output, sums);
    }

    /// <summary>Returns what an observation keeps, [lanes × channels][entries].</summary>
    public static double[][] Observe(in AttentionRequest request, LaneFixture[] lanes, int headDim, ColumnObservation observation)
    {
        int channels = observation.Channels(request.GroupSize), heads = observation.Heads(request.GroupSize);
        double[][] kept = [.. lanes.SelectMany(lane => Enumerable.Range(0, channels).Select(_ => new double[lane.Length]))];
        for (int token = 0; token < request.Tokens; token++)
        {
            int position = request.FirstPositions[0] + token;
            double weight = Math.Pow(observation.Decay, request.Tokens - 1 - token);
            for (int head = 0; head < request.QueryHeads; head++)
            {
                (int lane, int member) = Math.DivRem(head, request.GroupSize);
                double[] p = Probabilities(request, lanes[lane], request.Queries.Slice((token * request.QueryHeads + head) * headDim, headDim), member, position);
                int channel = lane * channels + (observation.PerQueryHead ? member : 0);
                for (int entry = 0; entry < p.Length; entry++)
                {
                    Keep(ref kept[channel][entry], p[entry], weight);
                    if (observation.LocalWindow > 0 && position - lanes[lane].Positions.Span[entry] < observation.LocalWindow)
                        Keep(ref kept[channel + heads][entry], p[entry], weight);
                }
            }
        }

        return kept;

        void Keep(ref double total, double probability, double weight) =>
            total = observation.Maximum ? Math.Max(total, probability) : total + weight * probability;
    }

    private static double[] Probabilities(in AttentionRequest request, LaneFixture lane, ReadOnlySpan<float> query, int group, int position)
    {
        double[] logits = new double[lane.Length];
        for (int entry = 0; entry < lane.Length; entry++)
        {
            double dot = 0;
            for (int i = 0; i < query.Length; i++)
                dot += (double)query[i] * lane.Keys[entry][i];
            dot *= request.Scale;
            if (request.SoftCap > 0)
                dot = request.SoftCap * Math.Tanh(dot / request.SoftCap);
            int p = lane.Positions.Span[entry];
            bool visible = p <= position && (request.Window == 0 || p > position - request.Window)
                && (lane.HeadMasks is null || (lane.HeadMasks.Span[entry] >> group & 1) != 0)
                && (lane.ReadSet is null || (lane.ReadSet.Span[entry / 64] >> (entry % 64) & 1) != 0);
            logits[entry] = visible ? dot + (lane.Biases?.Span[entry] ?? 0) : double.NegativeInfinity;
        }

        double highest = logits.DefaultIfEmpty(double.NegativeInfinity).Max();
        if (double.IsNegativeInfinity(highest))
            return new double[lane.Length];
        double[] p2 = [.. logits.Select(l => Math.Exp(l - highest))];
        double sum = p2.Sum();
        return [.. p2.Select(x => x / sum)];
    }
}
