namespace Winnow.Caching.Policies;

/// <summary>What a lane keeps under <see cref="FastGen"/>. Each rule keeps what the one before it keeps and more; the order is the authors'.</summary>
public enum KeepRule : byte
{
    /// <summary>Special tokens.</summary>
    Special,

    /// <summary>Special tokens and punctuation.</summary>
    Punctuation,

    /// <summary>These and the tokens with the most attention.</summary>
    Frequent,

    /// <summary>These and the newest tokens.</summary>
    Local,

    /// <summary>Everything.</summary>
    Full,
}

/// <summary>What each rule would cost a lane and how much of its attention it would keep.</summary>
internal sealed class RuleProfile
{
    private const int Rules = (int)KeepRule.Full + 1;
    private readonly double[] _coverage = new double[Rules];
    private readonly int[] _entries = new int[Rules];

    /// <summary>Share of the lane's attention that a rule keeps, 0 to 1; never less than that of a cheaper rule.</summary>
    public double Coverage(KeepRule rule) => _coverage[(int)rule];

    /// <summary>Entries that a rule keeps.</summary>
    public int Entries(KeepRule rule) => _entries[(int)rule];

    public void Set(KeepRule rule, double coverage, int entries) =>
        (_coverage[(int)rule], _entries[(int)rule]) = (rule == KeepRule.Special ? coverage : Math.Max(coverage, _coverage[(int)rule - 1]), entries);

    /// <summary>The cheapest rule that keeps a share of the attention.</summary>
    public KeepRule Cheapest(double target)
    {
        double least = target < 1 ? target - 1e-6 : target;
        KeepRule rule = KeepRule.Special;
        while (rule < KeepRule.Full && Coverage(rule) < least)
            rule++;
        return rule;
    }
}

/// <summary>Shares a budget among lanes whose rules have been profiled.</summary>
internal static class RuleAssignment
{
    /// <summary>
    /// Finds the largest coverage target that the budget allows, the same for every lane as in the paper, and spends what is left on the upgrades that gain
    /// the most coverage for each entry.
    /// </summary>
    /// <param name="lanes">Profiles of all lanes.</param>
    /// <param name="budget">Entries for all lanes together. Lanes whose cheapest rules already need more get those rules.</param>
    public static KeepRule[] Within(IReadOnlyList<RuleProfile> lanes, long budget)
    {
        KeepRule[] rules = new KeepRule[lanes.Count];
        if (lanes.Sum(lane => (long)lane.Entries(KeepRule.Full)) <= budget)
        {
            Array.Fill(rules, KeepRule.Full);
            return rules;
        }

        double target = LargestTarget(lanes, budget);
        for (int lane = 0; lane < rules.Length; lane++)
            rules[lane] = lanes[lane].Cheapest(target);
        long left = budget - Entries(lanes, target);
        while (BestUpgrade(lanes, rules, left) is { } upgrade)
        {
            left -= lanes[upgrade.Lane].Entries(upgrade.Rule) - lanes[upgrade.Lane].Entries(rules[upgrade.Lane]);
            rules[upgrade.Lane] = upgrade.Rule;
        }

        return rules;
    }

    /// <summary>Only a coverage that some lane reaches changes a choice, and a higher target never costs less.</summary>
    private static double LargestTarget(IReadOnlyList<RuleProfile> lanes, long budget)
    {
        double[] targets = [.. lanes.SelectMany(lane => Enum.GetValues<KeepRule>().Select(lane.Coverage)).Distinct().Order()];
        int fits = 0, exceeds = targets.Length;
        while (exceeds - fits > 1)
        {
            int middle = (fits + exceeds) / 2;
            if (Entries(lanes, targets[middle]) <= budget)
                fits = middle;
            else
                exceeds = middle;
        }

        // The lowest coverage of all is reached by every lane's cheapest rule.
        return targets[fits];
    }

    private static long Entries(IReadOnlyList<RuleProfile> lanes, double target) => lanes.Sum(lane => (long)lane.Entries(lane.Cheapest(target)));

    private static (int Lane, KeepRule Rule)? BestUpgrade(IReadOnlyList<RuleProfile> lanes, KeepRule[] rules, long left)
    {
        (int Lane, KeepRule Rule)? best = null;
        double most = 0;
        for (int lane = 0; lane < rules.Length; lane++)
        {
            RuleProfile profile = lanes[lane];
            for (KeepRule rule = rules[lane] + 1; rule <= KeepRule.Full; rule++)
            {
                int cost = profile.Entries(rule) - profile.Entries(rules[lane]);
                double gain = (profile.Coverage(rule) - profile.Coverage(rules[lane])) / cost;
                if (cost > 0 && cost <= left && gain > most)
                    (best, most) = ((lane, rule), gain);
            }
        }

        return best;
    }
}
