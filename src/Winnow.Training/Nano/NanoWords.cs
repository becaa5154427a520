namespace Winnow.Training.Nano;

/// <summary>The words of the nano language, in pools by what they may stand for. A word is in one pool only, so that its place tells its part.</summary>
internal static class NanoWords
{
    /// <summary>People.</summary>
    public static string[] Names { get; } = Split("""
        Anna Ben Carl Dora Emma Finn Gina Hugo Ida Jack Kate Leo Mia Nora Otto Paul Rosa Sam Tina Ugo Vera Will Yann Zoe Adam Bella Cora David Ella Frank
        Grace Henry Irene James Karl Laura Maria Nina Oscar Peter Quinn Ruth Simon Tom Ursula Victor Walter Alice Boris Clara Diana Eric Felix Greta Hanna
        Ivan Julia Kurt Linda Martin Nils Olga Pia Robert Sarah Theo Uma Viola Wanda Albert Bruno Celia Daniel Edith Fred Gloria Harold Ines Jonas Kira
        Lukas Monica Nathan Olive Patrick Rita Stefan Tara Vincent Wilma Arthur Betty Conrad Doris Edgar Fiona
        """);

    /// <summary>Where people live.</summary>
    public static string[] Cities { get; } = Split("""
        Paris Rome Oslo Lima Cairo Delhi Tokyo Quito Prague Dublin Lisbon Madrid London Berlin Vienna Athens Warsaw Boston Denver Chicago Dallas Houston
        Sydney Perth Geneva Milan Venice Naples Munich Hamburg Brussels Zurich Helsinki Moscow Seoul Manila Hanoi Bogota Havana Toronto
        """);

    /// <summary>What people do; none begins with a vowel, so that "a" is always right.</summary>
    public static string[] Jobs { get; } = Split("""
        baker doctor farmer teacher pilot painter lawyer miner nurse singer dancer writer cook driver sailor soldier tailor barber judge guard banker butcher
        carpenter plumber gardener hunter fisher priest poet dentist chemist mechanic
        """);

    /// <summary>What people eat.</summary>
    public static string[] Foods { get; } = Split("""
        rice bread cheese soup pasta apples plums honey beans corn fish eggs nuts pears grapes figs dates lemons carrots onions salad cake butter ham beef
        pork lamb noodles potatoes peas olives cherries
        """);

    /// <summary>What people wear.</summary>
    public static string[] Colours { get; } = Split("red blue green yellow black white pink grey brown purple orange silver golden violet beige teal");

    /// <summary>What people keep.</summary>
    public static string[] Pets { get; } = Split("""
        cat dog bird horse rabbit goat mouse parrot turtle lizard snake hamster pony duck goose hen sheep pig cow frog spider monkey canary donkey
        """);

    /// <summary>Keys: things that codes and values belong to.</summary>
    public static string[] Keys { get; } = Split("""
        lamp door stone cloud spoon chair table window mirror candle basket bottle button carpet castle chain clock coat coin cup desk drum fan feather fence
        flag flute fork gate glove guitar hammer hat helmet hook jacket jar kettle key kite knife ladder lantern leaf letter lock magnet map mask mat medal
        needle nest net oven paddle page pan paper pen pencil piano pillow pin pipe plate pocket pot prize pump puzzle quilt rack radio ring robe rocket roof
        rope ruler sack saddle sail saw scale scarf screen seat shelf shell shield ship shirt shoe shovel sign skate sled sock sofa spade sponge spring stamp
        statue stick stool string suit sword tank tape tent thread ticket tie tile tool towel tower toy tractor train tray trunk tube tunnel vase vest violin
        wagon wallet wand watch whistle wheel wing wire wheelbarrow anchor apron arrow axe badge bag ball balloon banner barrel bath beacon bed bell belt bench
        bike blanket board boat bolt book boot bow bowl box bracelet brick broom brush bucket buckle bus cabin cage camera cane cannon canoe card cart
        """);

    /// <summary>Values: words that stand for something.</summary>
    public static string[] Values { get; } = Split("""
        alpha bravo delta echo gamma omega sigma theta kappa lambda lunar solar amber coral ivory jade onyx opal pearl ruby topaz cobalt copper iron nickel zinc
        maple cedar birch willow walnut poplar aspen hazel laurel myrtle clover daisy lily lotus poppy tulip orchid saffron ginger pepper basil mint thyme
        comet meteor planet galaxy nebula quasar photon proton neutron atom prism vector matrix cipher riddle emblem totem legend fable saga sonnet ballad
        waltz tango polka rumba jazz opera forte allegro tempo chord octave treble canyon glacier lagoon plateau prairie savanna tundra volcano cyclone
        monsoon typhoon breeze zephyr aurora horizon
        """);

    /// <summary>Adjectives of the filler.</summary>
    public static string[] Adjectives { get; } = Split("""
        old quiet small bright dark long narrow wide tall steep deep cold warm dry wet empty broad gentle rough smooth heavy light young strange famous distant
        hidden lonely peaceful busy clean dusty foggy muddy sunny windy shady rocky sandy
        """);

    /// <summary>Nouns of the filler.</summary>
    public static string[] Nouns { get; } = Split("""
        hill road garden wind river forest valley mountain field meadow lake bridge village path street market harbour island beach desert cave cliff stream
        pond farm barn mill church school station square park wall corner shore bay coast canal ditch hedge orchard vineyard pasture swamp marsh
        waterfall summit ridge slope trail crossing lane alley courtyard chapel tavern cottage palace ruin fountain lighthouse
        """);

    /// <summary>Verbs of the filler.</summary>
    public static string[] Verbs { get; } = Split("""
        follows crosses meets holds touches guards hides joins leaves borders circles covers divides faces feeds greets keeps leads lights marks passes reaches
        serves shades shelters splits supports surrounds watches welcomes overlooks warms
        """);

    /// <summary>Adverbs of the filler.</summary>
    public static string[] Adverbs { get; } = Split("""
        slowly often gently rarely always never quietly softly sometimes usually proudly calmly barely mostly clearly nearly
        """);

    private static string[] Split(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
