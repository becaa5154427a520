namespace Winnow.Training.Nano.Tasks;

/// <summary>Turns of a conversation, some of which refer to earlier ones.</summary>
internal sealed class SmallTalkTask(string name) : NanoTask(name)
{
    private static readonly NanoExchange[] s_turns =
    [
        new("Hello.", "Hello,", "how can I help?"),
        new("Good morning.", "Good morning,", "what would you like to know?"),
        new("Thank you.", "You are", "welcome."),
        new("Who are you?", "I am", "a small model. I read a text and answer from it."),
        new("What can you do?", "I can", "find facts in a text, copy words, add numbers and tell a story."),
        new("How are you?", "I am", "fine, thank you."),
        new("Goodbye.", "Goodbye,", "it was good to talk."),
    ];

    public override bool HasFacts => false;

    public override bool KeepsOrder => true;

    public override List<NanoUnit> Make(NanoRandom random, int count, int length)
    {
        var exchanges = new List<NanoExchange>();
        string person = random.Pick(NanoWords.Names), city = random.Pick(NanoWords.Cities), pet = random.Pick(NanoWords.Pets);
        exchanges.Add(new($"My name is {person}.", "Hello,", $"{person}."));
        exchanges.Add(new($"I live in {city} and I have a {pet}.", "I will", $"remember that you live in {city} and have a {pet}."));
        for (int i = 0; i < count; i++)
        {
            exchanges.Add(random.Next(5) switch
            {
                0 => new("What is my name?", "Your name is", $"{person}."),
                1 => new("Where do I live?", "You live in", $"{city}."),
                2 => new("Which pet do I have?", "You have a", $"{pet}."),
                _ => random.Pick(s_turns),
            });
        }

        return [new NanoUnit([], exchanges)];
    }
}
