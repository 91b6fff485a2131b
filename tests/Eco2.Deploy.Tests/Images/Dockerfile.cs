using System.Text.Json;
using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Images;

internal sealed record Instruction(string Word, string Rest)
{
    public IReadOnlyList<string> Words => Rest.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The value of a flag such as <c>--from=build</c>.</summary>
    public string? Flag(string name) => Words.FirstOrDefault(word => word.StartsWith($"--{name}=", StringComparison.Ordinal))?[(name.Length + 3)..];
}

/// <summary>From one FROM to the next.</summary>
internal sealed record Stage(string Name, string Base, IReadOnlyList<Instruction> Instructions);

/// <summary>A Dockerfile, read as far as ours go.</summary>
internal sealed partial record Dockerfile(IReadOnlyDictionary<string, string> Arguments, IReadOnlyList<Stage> Stages)
{
    public const string Dotnet = "deploy/images/dotnet.Dockerfile";

    public const string Media = "deploy/images/media.Dockerfile";

    public static Dockerfile Load(string path, string from = "", string to = "")
    {
        var text = File.ReadAllText(Path.Combine(Checkout.Root, path));
        if (from != "" && !text.Contains(from, StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"{path} does not say: {from}");
        }

        return Parse(from == "" ? text : text.Replace(from, to, StringComparison.Ordinal));
    }

    /// <summary>What a container of a target gets, from its own stage and those that it builds on.</summary>
    public IEnumerable<Instruction> Inherited(string target)
    {
        var stage = Stages.First(s => s.Name == target);
        return Stages.Any(s => s.Name == stage.Base) ? [.. Inherited(stage.Base), .. stage.Instructions] : stage.Instructions;
    }

    public Dictionary<string, string> Environment(string target) => Inherited(target).Where(i => i.Word == "ENV").SelectMany(i => i.Words)
        .Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    public string[] EntryPoint(string target) => JsonSerializer.Deserialize<string[]>(Inherited(target).Last(i => i.Word == "ENTRYPOINT").Rest)!;

    public IEnumerable<string> Targets => Stages.Where(stage => stage.Instructions.Any(i => i.Word == "ENTRYPOINT")).Select(stage => stage.Name);

    private static Dockerfile Parse(string text)
    {
        var arguments = new Dictionary<string, string>();
        var stages = new List<Stage>();
        foreach (var line in Continuation().Replace(text, " ").Split('\n').Select(line => line.Trim()).Where(line => line != "" && line[0] != '#'))
        {
            var instruction = new Instruction(line.Split(' ')[0], line[line.IndexOf(' ', StringComparison.Ordinal)..].Trim());
            if (instruction.Word == "ARG" && stages.Count == 0)
            {
                var pair = instruction.Rest.Split('=', 2);
                arguments[pair[0]] = pair.Length == 2 ? pair[1] : "";
            }
            else if (instruction.Word == "FROM")
            {
                var words = instruction.Words.Where(word => !word.StartsWith("--", StringComparison.Ordinal)).ToList();
                stages.Add(new Stage(words.Count == 3 ? words[2] : "", Argument().Replace(words[0], match => arguments.GetValueOrDefault(match.Groups[1].Value, "")), new List<Instruction>()));
            }
            else
            {
                ((List<Instruction>)stages[^1].Instructions).Add(instruction);
            }
        }

        return new Dockerfile(arguments, stages);
    }

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continuation();

    [GeneratedRegex(@"\$\{(\w+)\}")]
    private static partial Regex Argument();
}
