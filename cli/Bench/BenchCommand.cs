using System.CommandLine;
using Eco2.Cli.Machine;
using Eco2.Cli.Up;

namespace Eco2.Cli.Bench;

/// <summary>Measurements.</summary>
internal static class BenchCommand
{
    public static Command Create()
    {
        var photos = new Argument<DirectoryInfo>("photos") { Description = "A folder with one folder of photos per class: cardboard, glass, metal, paper, plastic, trash." };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var vision = new Command("vision", "Score the local classifier on the photos it was not trained on.") { photos, json };
        vision.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace();
            var progress = new Progress();
            await Tool.InstallMissingAsync([Tool.Node, Tool.Npm], progress, ct);
            await Build.MediaAsync(workspace, progress, ct);
            string[] arguments = ["run", "--silent", "score", "--", parse.GetValue(photos)!.FullName, .. parse.GetValue(json) ? (string[])["--json"] : []];
            var (exit, _) = await Shell.RunAsync("npm", arguments, Path.Combine(workspace.Root, "services/media"), ct, Console.WriteLine);
            return exit;
        });
        return new Command("bench", "Measure.") { vision, LoadCommand.Create(), StreamsCommand.Create(), TokensCommand.Create(), AuthzCommand.Create() };
    }
}
