using System.CommandLine;
using System.Text.Json;
using Eco2.Cli.Machine;
using Spectre.Console;

namespace Eco2.Cli.Logs;

/// <summary>All logs of a run as one: the last lines of each in order of time, then what comes.</summary>
internal static class LogsCommand
{
    private static readonly Color[] Colors = [Color.Aqua, Color.Green, Color.Yellow, Color.Fuchsia, Color.DodgerBlue1, Color.Orange1, Color.MediumPurple1, Color.SpringGreen1];

    public static Command Create()
    {
        var apps = new Argument<string[]>("app") { Description = "Only these (default: all).", Arity = ArgumentArity.ZeroOrMore };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on until Ctrl-C." };
        var lines = new Option<int>("--lines", "-n") { Description = "How many lines of each log.", DefaultValueFactory = _ => 20 };
        var about = new Option<string?>("--about") { Description = "Only lines that name this, such as the id of a job or a trace." };
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var command = new Command("logs", "Show the logs of all apps.") { apps, follow, lines, about, state };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace(parse.GetValue(state));
            var wanted = parse.GetValue(apps)!;
            var logs = (Directory.Exists(workspace.Logs) ? Directory.GetFiles(workspace.Logs, "*.log") : [])
                .Where(file => wanted.Length == 0 || wanted.Contains(Path.GetFileNameWithoutExtension(file), StringComparer.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select((file, index) => new LogFile(file, Colors[index % Colors.Length]))
                .ToList();
            if (logs.Count == 0)
            {
                throw new UserMessageException(wanted.Length == 0 ? "There are no logs yet. Start Eco² with ./eco2 up." : $"There is no log of {string.Join(", ", wanted)}.");
            }

            var named = parse.GetValue(about) ?? "";
            Print(logs.SelectMany(log => log.ReadNew(named).TakeLast(parse.GetValue(lines))));
            while (parse.GetValue(follow) && !ct.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), ct);
                Print(logs.SelectMany(log => log.ReadNew(named)));
            }

            return 0;
        });
        return command;
    }

    private static void Print(IEnumerable<LogLine> lines)
    {
        // Lines without a time (a stack trace, a server's own format) stay behind the one before them: the sort is stable.
        foreach (var line in lines.OrderBy(line => line.Time))
        {
            AnsiConsole.Write(new Text($"{line.App,-14} ", new Style(line.Color)));
            AnsiConsole.WriteLine(line.Text);
        }
    }

    private sealed class LogFile(string path, Color color)
    {
        private readonly string app = Path.GetFileNameWithoutExtension(path);
        private long position;
        private string rest = "";
        private DateTimeOffset last;

        /// <summary>Of what was written since, the lines in which <paramref name="about"/> stands: in the message or beside it.</summary>
        public List<LogLine> ReadNew(string about)
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            position = stream.Length < position ? 0 : position;
            stream.Position = position;
            using var reader = new StreamReader(stream);
            var text = rest + reader.ReadToEnd();
            position = stream.Length;
            var lines = text.Split('\n');
            rest = lines[^1];
            return [.. lines[..^1].Where(line => line.Contains(about, StringComparison.OrdinalIgnoreCase)).Select(Parse)];
        }

        private LogLine Parse(string line)
        {
            if (line.StartsWith('{'))
            {
                try
                {
                    using var json = JsonDocument.Parse(line);
                    var root = json.RootElement;
                    last = Member(root, "timestamp", "Timestamp", "time", "ts") is { ValueKind: JsonValueKind.String } time && time.TryGetDateTimeOffset(out var at) ? at : last;
                    var level = Member(root, "level", "LogLevel")?.ToString() ?? "";
                    var message = Member(root, "message", "Message", "msg")?.ToString() ?? line;
                    var exception = Member(root, "exception", "Exception", "err")?.ToString();
                    return new LogLine(app, color, last, $"{last:HH:mm:ss.fff} {level,-11} {message}{(exception is null ? "" : $" | {exception}")}");
                }
                catch (JsonException)
                {
                    // Printed as it is.
                }
            }

            return new LogLine(app, color, last, line);
        }

        private static JsonElement? Member(JsonElement root, params string[] names)
        {
            foreach (var name in names)
            {
                if (root.TryGetProperty(name, out var value))
                {
                    return value;
                }
            }

            return null;
        }
    }

    private sealed record LogLine(string App, Color Color, DateTimeOffset Time, string Text);
}
