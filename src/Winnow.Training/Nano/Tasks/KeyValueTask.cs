namespace Winnow.Training.Nano.Tasks;

/// <summary>Associative recall: pairs of words, one of which is asked for by the other (Zoology, arXiv:2312.04927).</summary>
internal sealed class KeyValueTask(string name) : NanoTask(name)
{
    public override List<NanoUnit> Make(NanoRandom random, int count, int length)
    {
        var units = new List<NanoUnit>();
        foreach (string key in Words(random, NanoWords.Keys, count))
        {
            string value = random.Pick(NanoWords.Values);
            units.Add(new NanoUnit([$"Pair: {key} = {value}."], [new NanoExchange($"What is {key}?", $"Pair: {key} =", $"{value}.")]));
        }

        return units;
    }
}
