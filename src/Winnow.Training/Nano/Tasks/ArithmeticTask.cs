namespace Winnow.Training.Nano.Tasks;

/// <summary>Sums and differences of two-digit numbers, worked out digit by digit, bare or told as a small story.</summary>
/// <param name="name">Name of the task.</param>
/// <param name="bareAdditions">Whether only bare additions are asked.</param>
internal sealed class ArithmeticTask(string name, bool bareAdditions = false) : NanoTask(name)
{
    private static readonly string[] s_things = ["apples", "plums", "eggs", "pears", "lemons", "carrots", "onions", "olives", "cherries", "nuts", "coins", "cards"];

    public override bool HasFacts => false;

    public override List<NanoUnit> Make(NanoRandom random, int count, int length) =>
        [.. Enumerable.Range(0, count).Select(_ => new NanoUnit([], [Exchange(random)]))];

    private NanoExchange Exchange(NanoRandom random)
    {
        int a = random.Next(10, 100), b = random.Next(10, 100);
        bool adds = bareAdditions || random.Chance(0.7);
        if (!adds && a < b)
            (a, b) = (b, a);
        string steps = adds ? Addition(a, b) : Subtraction(a, b);
        int result = adds ? a + b : a - b;
        if (bareAdditions || random.Chance(0.75))
            return new NanoExchange($"What is {a} {(adds ? '+' : '-')} {b}?", "", $"{steps} So {a} {(adds ? '+' : '-')} {b} = {result}.");
        string[] people = random.Sample(NanoWords.Names, 2);
        string thing = random.Pick(s_things);
        string story = adds ? $"{people[1]} gives {people[0]} {b} {thing}." : $"{people[0]} gives {people[1]} {b} {thing}.";
        return new NanoExchange(
            $"It is known that {people[0]} has {a} {thing}. {story} How many {thing} does {people[0]} have now?",
            "",
            $"{(adds ? "Add" : "Take")} {a} {(adds ? '+' : '-')} {b}. {steps} So {people[0]} has {result} {thing}.");
    }

    private static string Addition(int a, int b)
    {
        int ones = a % 10 + b % 10, carry = ones / 10;
        return $"Ones: {a % 10} + {b % 10} = {ones}. Tens: {a / 10} + {b / 10} + {carry} = {a / 10 + b / 10 + carry}.";
    }

    private static string Subtraction(int a, int b)
    {
        int borrow = a % 10 < b % 10 ? 1 : 0, ones = a % 10 + 10 * borrow;
        return $"Ones: {ones} - {b % 10} = {ones - b % 10}. Tens: {a / 10} - {b / 10} - {borrow} = {a / 10 - b / 10 - borrow}.";
    }
}
