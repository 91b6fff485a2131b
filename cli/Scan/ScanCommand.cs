using System.CommandLine;
using System.Text.Json;
using Eco2.Cli.Machine;
using Eco2.Contracts;
using Eco2.Contracts.Scan;
using Spectre.Console;

namespace Eco2.Cli.Scan;

/// <summary>Signs in, uploads photos, shows the stages while they happen and prints the answers.</summary>
internal static class ScanCommand
{
    public static Command Create()
    {
        var photos = new Argument<FileInfo[]>("photo") { Description = "One or more JPEG, PNG, WebP or GIF files.", Arity = ArgumentArity.OneOrMore };
        var text = new Option<string?>("--text") { Description = "What you would say about it; words decide what a picture can't." };
        var language = new Option<string>("--lang") { Description = "Language of the answer: ko or en.", DefaultValueFactory = _ => "ko" };
        var model = new Option<string?>("--model") { Description = "A model of GET /api/v1/scan/models." };
        var json = new Option<bool>("--json") { Description = "Print the result documents as JSON, one line each." };
        var url = new Option<string?>("--url") { Description = "Address of the gateway (default: the one that ./eco2 up started)." };
        var state = new Option<string?>("--state") { Description = "Folder of the run (default: .eco2)." };
        var command = new Command("scan", "Scan photos of waste.") { photos, text, language, model, json, url, state };
        command.SetAction(async (parse, ct) =>
        {
            var workspace = new Workspace(parse.GetValue(state));
            var files = parse.GetValue(photos)!;
            if (files.FirstOrDefault(file => !file.Exists) is { } missing)
            {
                throw new UserMessageException($"There is no file {missing.FullName}.");
            }

            using var api = await ApiSession.OpenAsync(parse.GetValue(url), workspace, ct);
            var failures = 0;
            foreach (var file in files)
            {
                var result = await ScanAsync(api, file, parse.GetValue(text), parse.GetValue(model), parse.GetValue(language)!, parse.GetValue(json), ct);
                failures += result.Status == "completed" ? 0 : 1;
            }

            return failures == 0 ? 0 : 1;
        });
        return command;
    }

    private static async Task<ScanResult> ScanAsync(ApiSession api, FileInfo file, string? text, string? model, string language, bool json, CancellationToken ct)
    {
        var image = await api.UploadAsync(file, ct);
        var accepted = await api.SubmitAsync(new SubmitScanRequest(image.Key, null, text, model, language), ct);
        if (json)
        {
            await foreach (var _ in api.EventsAsync(accepted.StreamUrl, ct))
            {
                // Only waiting for the end.
            }
        }
        else
        {
            AnsiConsole.MarkupLineInterpolated($"[bold]{file.Name}[/]");
            await foreach (var happened in api.EventsAsync(accepted.StreamUrl, ct))
            {
                ScanPrinter.Print(happened);
            }
        }

        var result = await api.ResultAsync(accepted.ResultUrl, ct);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(result, ContractsJson.Default.ScanResult));
        }
        else
        {
            ScanPrinter.Print(result);
        }

        return result;
    }
}
