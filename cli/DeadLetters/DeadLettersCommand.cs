using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Eco2.Cli.Machine;
using Eco2.Cli.Scan;
using Eco2.Contracts;
using Eco2.Contracts.DeadLetters;
using Spectre.Console;

namespace Eco2.Cli.DeadLetters;

/// <summary>Messages that nobody took: list them, look at one, publish them again, discard one.</summary>
internal static class DeadLettersCommand
{
    public static Command Create() => new("dead-letters", "Messages that could not be delivered.") { List(), Show(), Replay(), Discard() };

    private static Command List()
    {
        var topic = new Option<string?>("--topic") { Description = "Only of this topic, such as job.finished." };
        var state = new Option<string?>("--in-state") { Description = "Only these: waiting, replayed, exhausted or discarded." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document a line." };
        return Command("list", "List dead letters, newest first.", [topic, state, json], async (parse, api, ct) =>
        {
            var letters = new List<DeadLetter>();
            await foreach (var letter in api.ListAsync(parse.GetValue(topic), parse.GetValue(state), ct))
            {
                letters.Add(letter);
                if (parse.GetValue(json))
                {
                    Console.WriteLine(JsonSerializer.Serialize(letter, ContractsJson.Default.DeadLetter));
                }
            }

            if (!parse.GetValue(json))
            {
                Print(letters);
            }
        });
    }

    private static Command Show()
    {
        var id = Id();
        return Command("show", "Show one dead letter with its message, as JSON.", [id], async (parse, api, ct) =>
            Console.WriteLine(JsonSerializer.Serialize(await api.ShowAsync(parse.GetValue(id), ct), new ContractsJson(Readable).DeadLetterContent)));
    }

    private static Command Replay()
    {
        var id = new Argument<Guid?>("id") { Description = "Of the letter; see list.", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "All that are waiting or exhausted." };
        var topic = new Option<string?>("--topic") { Description = "With --all: only of this topic." };
        return Command("replay", "Publish a dead letter again, or all of them.", [id, all, topic], async (parse, api, ct) =>
        {
            if (parse.GetValue(id) is not null == parse.GetValue(all))
            {
                throw new UserMessageException("Name one letter or say --all: ./eco2 dead-letters replay ID, or replay --all [--topic TOPIC].");
            }

            if (parse.GetValue(id) is { } one)
            {
                await api.ReplayAsync(one, ct);
                Console.WriteLine($"{one} was published again.");
                return;
            }

            var (replayed, failed) = await new Progress().StepAsync("Publishing dead letters again", detail => api.ReplayAllAsync(parse.GetValue(topic), detail, ct));
            Console.WriteLine($"{replayed} dead {(replayed == 1 ? "letter was" : "letters were")} published again.");
            if (failed > 0)
            {
                throw new UserMessageException($"{failed} could not be published now. They are as they were; the schedule tries again.");
            }
        });
    }

    private static Command Discard()
    {
        var id = Id();
        return Command("discard", "Discard a dead letter; it is kept for its retention but not retried.", [id], async (parse, api, ct) =>
        {
            await api.DiscardAsync(parse.GetValue(id), ct);
            Console.WriteLine($"{parse.GetValue(id)} is discarded.");
        });
    }

    private static readonly JsonSerializerOptions Readable = new(ContractsJson.Default.Options)
    {
        WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private static Argument<Guid> Id() => new("id") { Description = "Of the letter; see list." };

    private static Command Command(string name, string description, Symbol[] symbols, Func<ParseResult, DeadLettersApi, CancellationToken, Task> run)
    {
        var url = new Option<string?>("--url") { Description = "Address of the gateway (default: the one that ./eco2 up started)." };
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var command = new Command(name, description) { url, state };
        foreach (var argument in symbols.OfType<Argument>())
        {
            command.Add(argument);
        }

        foreach (var option in symbols.OfType<Option>())
        {
            command.Add(option);
        }

        command.SetAction(async (parse, ct) =>
        {
            using var session = await ApiSession.OpenAsync(parse.GetValue(url), new Workspace(parse.GetValue(state)), ct);
            await run(parse, new DeadLettersApi(session), ct);
        });
        return command;
    }

    private static void Print(List<DeadLetter> letters)
    {
        if (letters.Count == 0)
        {
            Console.WriteLine("There are no dead letters.");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("id", "topic", "state", "replays", "first seen (UTC)", "next retry (UTC)", "bytes");
        foreach (var letter in letters)
        {
            table.AddRow(
                $"{letter.Id}",
                Markup.Escape(letter.Topic),
                letter.State switch { "waiting" => "[yellow]waiting[/]", "exhausted" => "[red]exhausted[/]", "replayed" => "[green]replayed[/]", _ => "[grey]discarded[/]" },
                $"{letter.Attempts}",
                Time(letter.FirstSeenAt),
                letter.NextRetryAt is { } next ? "after " + Time(next) : "–",
                $"{letter.Bytes}");
        }

        AnsiConsole.Write(table);
        Console.WriteLine($"{letters.Count} in all. Look at one with ./eco2 dead-letters show ID.");
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
