namespace Winnow.Evaluation;

/// <summary>Plain English words for tasks. No noun is a part of another, so that an output that names one does not name two.</summary>
internal static class EnglishWords
{
    /// <summary>Nouns.</summary>
    public static IReadOnlyList<string> Nouns { get; } = Split(
        """
        acorn anchor anvil apple apron attic autumn badge bakery balcony bamboo banjo barrel basin basket beacon beetle bell bench bicycle blanket
        blossom boat bonfire bottle boulder branch brick bridge broom bucket buffalo bugle butter button cabin cable cactus camel camera candle canoe
        canvas canyon captain caravan carpet carrot castle cathedral cave cedar cellar cello chain chalk cherry chimney circus clay cliff clock cloud
        clover cobbler coffee comet compass copper coral cottage cotton cousin cradle crane cricket crow crystal cupboard curtain daisy desert desk
        diamond dinner donkey dove dragon drawer drum eagle easel elbow ember engine envelope falcon farmer feather fence fern ferry fiddle field
        finger fisher flag flame flute fog forest fork fossil fountain fox frost gallery garage garlic gate geyser ginger giraffe glacier globe glove
        goblet goose granite grape gravel guitar hammer hammock harbor harp harvest hawk hazel hedge helmet heron hill honey hoof hornet horse hotel
        island ivory jacket jaguar jar jasmine jewel jungle kettle keyhole kitchen kite kitten ladder lagoon lamb lantern lark laundry lawn leaf
        lemon leopard lettuce library lily linen lion lizard lobster locket lumber magnet mango maple marble market marsh meadow melon mill mint
        mirror mitten monkey moon moss moth mountain mulberry mushroom napkin needle nest nickel nutmeg oak oasis ocean olive onion orchard organ
        otter oven owl oxygen oyster paddle palace panther paper parrot pasture pearl pebble pelican pencil pepper piano pigeon pillow pine pirate
        planet plaza plow plum pocket poem pond poppy porch potato prairie prism pudding pulley pumpkin puppet purple quarry quilt rabbit raccoon
        radio raft rainbow raven reef ribbon rice river robin rocket rope rose ruby saddle saffron sail salmon sandal sapphire satchel scarf school
        scooter shadow shell shepherd shovel silk silver sister skate sledge slipper snail sock sofa soldier sparrow spider spinach spoon squirrel
        stable stamp statue steeple stone stork stove straw sugar summer sunset swallow swan sword tailor teapot temple thimble thistle thread
        thunder tiger timber tomato tower tractor train treasure trumpet tulip tunnel turkey turtle umbrella valley vanilla velvet village vinegar
        violin volcano waffle wagon walnut walrus watch water wheat wheel whistle willow window winter wizard wolf wool yarn zebra zipper
        """);

    /// <summary>Adjectives.</summary>
    public static IReadOnlyList<string> Adjectives { get; } = Split(
        """
        amber ancient autumnal bitter brave bright brisk broad calm careful cheerful clever cold cosmic crimson curious dapper distant eager early
        elegant faint fearless fierce frozen gentle glad golden grand hidden hollow humble idle jolly keen kind lively lonely lucky mellow merry
        mighty modest nimble noble odd pale patient placid plain polite proud quick quiet rapid rare rough rustic scarlet secret serene sharp shy
        silent simple sleepy slow smooth solemn steady sturdy sunny swift tame tender tidy timid tiny vast vivid warm weary wild wise witty young
        """);

    private static string[] Split(string words) => words.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
}
