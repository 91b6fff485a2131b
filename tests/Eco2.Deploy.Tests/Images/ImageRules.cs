using System.Text.RegularExpressions;
using Eco2.Testing;

namespace Eco2.Deploy.Tests.Images;

/// <summary>What is wrong with a Dockerfile.</summary>
internal static partial class ImageRules
{
    public static IEnumerable<string> Complaints(Dockerfile file) =>
        [.. file.Stages.SelectMany(stage => Bases(file, stage)), .. file.Stages.SelectMany(stage => Copies(file, stage)), .. file.Targets.SelectMany(target => Container(file, target))];

    private static IEnumerable<string> Bases(Dockerfile file, Stage stage)
    {
        if (file.Stages.All(other => other.Name != stage.Base) && !Pinned().IsMatch(stage.Base))
        {
            yield return $"{stage.Name}: its base {stage.Base} has no digest";
        }
    }

    private static IEnumerable<string> Copies(Dockerfile file, Stage stage)
    {
        foreach (var copy in stage.Instructions.Where(i => i.Word is "COPY" or "ADD"))
        {
            var from = copy.Flag("from");
            if (copy.Word == "ADD" || (from is not null && file.Stages.TakeWhile(other => other != stage).All(other => other.Name != from)))
            {
                yield return $"{stage.Name}: {copy.Word} {copy.Rest} takes from elsewhere";
            }

            foreach (var path in copy.Words.Where(word => !word.StartsWith("--", StringComparison.Ordinal)).SkipLast(1).Where(_ => from is null))
            {
                if (!Path.Exists(Path.Combine(Checkout.Root, path)))
                {
                    yield return $"{stage.Name}: there is no {path}";
                }
                else if (!IsSent(path))
                {
                    yield return $"{stage.Name}: .dockerignore keeps {path} away";
                }
            }
        }
    }

    private static IEnumerable<string> Container(Dockerfile file, string target)
    {
        var own = file.Inherited(target).ToList();
        if (own.LastOrDefault(i => i.Word == "USER")?.Rest is not { } user || !NotRoot().IsMatch(user))
        {
            yield return $"{target}: its user is no number other than 0";
        }

        if (own.Any(i => i.Word == "RUN") || own.Any(i => i.Word is "ENTRYPOINT" or "CMD" && !i.Rest.StartsWith('[')))
        {
            yield return $"{target}: it needs a shell";
        }

        if (!own.Any(i => i.Word == "EXPOSE" && i.Rest == file.Environment(target).GetValueOrDefault("APP_PORT")))
        {
            yield return $"{target}: EXPOSE is not its port";
        }
    }

    /// <summary>The file begins by leaving everything out.</summary>
    private static bool IsSent(string path) => File.ReadAllLines(Path.Combine(Checkout.Root, ".dockerignore")).Aggregate(false, (sent, line) =>
        line.StartsWith('!') ? sent || Matches(path, line[1..]) : sent && !Matches(path, line));

    private static bool Matches(string path, string pattern) =>
        Regex.IsMatch(path, "^" + Regex.Escape(pattern).Replace(@"\*\*/", "(.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal) + "(/|$)");

    [GeneratedRegex("^[a-z0-9./-]+:[A-Za-z0-9._-]+@sha256:[0-9a-f]{64}$")]
    private static partial Regex Pinned();

    [GeneratedRegex("^[1-9][0-9]*(:[1-9][0-9]*)?$")]
    private static partial Regex NotRoot();
}
