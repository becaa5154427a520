using System.Globalization;
using Spectre.Console;
using Winnow.Cli.Output;

namespace Winnow.Cli.Rendering;

/// <summary>Prints what a model file holds.</summary>
internal static class InspectionView
{
    /// <summary>Prints all parts that were collected.</summary>
    public static void Print(IAnsiConsole console, InspectJson found)
    {
        Grid grid = new Grid()
            .AddColumn(new GridColumn { NoWrap = true, Padding = new Padding(0, 0, 2, 0) })
            .AddColumn(new GridColumn { Padding = new Padding(0) });
        Add(grid, "file", found.Path);
        Add(grid, "format", found.Version is uint version ? $"GGUF version {version}" : "safetensors");
        Add(grid, "architecture", found.Name is null ? found.Architecture : $"{found.Architecture} · {found.Name}");
        Add(grid, "parameters", $"{Millions(found.Parameters)} in {Figures.Bytes(found.Bytes)}");
        AddSizes(grid, found);
        if (found.Tokenizer is { } tokenizer)
            Add(grid, "tokenizer", Describe(tokenizer));
        console.Write(grid);
        PrintTypes(console, found);
        if (found.Tensors is not null)
            PrintTensors(console, found.Tensors);
        if (found.Metadata is not null)
            PrintMetadata(console, found.Metadata);
    }

    private static void AddSizes(Grid grid, InspectJson found)
    {
        if (found.Sizes is not { } sizes)
        {
            Add(grid, "cannot run", found.Problem ?? "");
            return;
        }

        Add(grid, "context", $"{Figures.Whole(sizes.ContextLength)} tokens" + (sizes.SlidingWindow > 0 ? $", windows of {Figures.Whole(sizes.SlidingWindow)}" : ""));
        Add(grid, "layers", $"{sizes.Layers}, width {Figures.Whole(sizes.Width)}, feed-forward {Figures.Whole(sizes.FeedForwardWidth)}");
        Add(grid, "attention", $"{sizes.QueryHeads} query heads on {sizes.KvHeads} KV heads of {sizes.HeadDim} channels");
        Add(grid, "embeddings", $"{Figures.Whole(sizes.VocabularySize)} rows" + (sizes.TiedEmbeddings ? ", tied to the LM head" : ""));
        Add(grid, "KV cache", $"{Figures.Bytes(sizes.KvBytesPerTokenF16)} a token in f16, {Figures.Bytes((double)sizes.KvBytesPerTokenF16 * sizes.ContextLength)} for the whole context");
    }

    private static string Describe(TokenizerJson tokenizer)
    {
        string pre = tokenizer.Pre is null ? "" : $" ({tokenizer.Pre})";
        string template = tokenizer.ChatTemplate ? "chat template" : "no chat template";
        return $"{tokenizer.Model}{pre}, {Figures.Whole(tokenizer.Tokens)} tokens, BOS {Id(tokenizer.Bos)}, EOS {Id(tokenizer.Eos)}, {template}";
    }

    private static void PrintTypes(IAnsiConsole console, InspectJson found)
    {
        Table table = NewTable().AddColumn("type").AddColumn(Right("tensors")).AddColumn(Right("values")).AddColumn(Right("bytes"));
        foreach (TensorTypeJson type in found.TensorsByType)
            table.AddRow(type.Type, Figures.Whole(type.Count), Millions(type.Values), Figures.Bytes(type.Bytes));
        console.Write(table);
    }

    private static void PrintTensors(IAnsiConsole console, IReadOnlyList<TensorJson> tensors)
    {
        Table table = NewTable().AddColumn("tensor").AddColumn("type").AddColumn("shape").AddColumn(Right("bytes"));
        foreach (TensorJson tensor in tensors)
            table.AddRow(Markup.Escape(tensor.Name), tensor.Type, string.Join(" × ", tensor.Shape), Figures.Bytes(tensor.Bytes));
        console.Write(table);
    }

    private static void PrintMetadata(IAnsiConsole console, IReadOnlyDictionary<string, string> metadata)
    {
        Table table = NewTable().AddColumn("key").AddColumn("value");
        foreach ((string key, string value) in metadata)
            table.AddRow(Markup.Escape(key), Markup.Escape(value));
        console.Write(table);
    }

    private static Table NewTable() => new Table().Border(TableBorder.Simple);

    private static TableColumn Right(string name) => new TableColumn(name).RightAligned();

    private static void Add(Grid grid, string name, string value) => grid.AddRow($"[dim]{name}[/]", Markup.Escape(value));

    private static string Id(int? id) => id?.ToString(CultureInfo.InvariantCulture) ?? "none";

    private static string Millions(long values) => values switch
    {
        >= 1_000_000_000 => Figures.Short(values / 1e9) + " billion",
        >= 1_000_000 => Figures.Short(values / 1e6) + " million",
        _ => Figures.Whole(values),
    };
}
