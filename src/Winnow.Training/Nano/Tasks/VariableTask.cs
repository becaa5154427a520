namespace Winnow.Training.Nano.Tasks;

/// <summary>Variable tracking over chains of assignments, as RULER has it (arXiv:2404.06654); the answer spells the chain out.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="hops">Assignments from variable to variable; null draws 1 to 3 for each document.</param>
internal sealed class VariableTask(string name, int? hops = null) : NanoTask(name)
{
    public override List<NanoUnit> Make(NanoRandom random, int count, int length)
    {
        int steps = hops ?? random.Pick([1, 1, 2, 2, 3]);
        string[] names = Words(random, NanoWords.Keys, count * (steps + 1));
        var units = new List<NanoUnit>();
        for (int first = 0; first + steps < names.Length; first += steps + 1)
        {
            string[] chain = names[first..(first + steps + 1)];
            string value = Digits(random, 2);
            List<string> sentences = [$"Let {chain[0]} = {value}."];
            for (int i = 1; i < chain.Length; i++)
                sentences.Add($"Let {chain[i]} = {chain[i - 1]}.");
            string path = string.Concat(chain.Reverse().Skip(1).Select(variable => $"{variable} = "));
            units.Add(new NanoUnit(sentences, [new NanoExchange($"Which number is {chain[^1]}?", $"So {chain[^1]} =", $"{path}{value}.")]));
        }

        return units;
    }
}
