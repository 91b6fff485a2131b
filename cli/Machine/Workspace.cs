namespace Eco2.Cli.Machine;

/// <summary>Where things are: the checkout, what was built, and the private folder of one run.</summary>
internal sealed class Workspace
{
    private const string Usual = ".eco2";

    public Workspace(string? state = null)
    {
        Root = FindRoot();
        State = Path.GetFullPath(state ?? Path.Combine(Root, Usual));
    }

    public string Root { get; }

    /// <summary>Everything that a run leaves behind: databases, pictures, logs, secrets.</summary>
    public string State { get; }

    /// <summary>Commands find <see cref="State"/> without being told.</summary>
    public bool IsUsual => State == Path.Combine(Root, Usual);

    public string Logs => Path.Combine(State, "logs");

    public string RunFile => Path.Combine(Root, "dapr.yaml");

    public string RunRecord => Path.Combine(State, "run.json");

    public static string Assembly(string root, string project) => Path.Combine(root, "artifacts", "bin", project, "release", project + ".dll");

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "dapr.yaml")))
            {
                return folder.FullName;
            }
        }

        throw new UserMessageException("eco2 must run from a checkout of Eco²: no dapr.yaml was found above the command.");
    }
}
