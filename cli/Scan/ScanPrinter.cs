using System.Text.Json;
using Eco2.Contracts;
using Eco2.Contracts.Jobs;
using Eco2.Contracts.Scan;
using Spectre.Console;

namespace Eco2.Cli.Scan;

/// <summary>A scan for eyes.</summary>
internal static class ScanPrinter
{
    public static void Print(JobEvent happened)
    {
        var mark = happened.Status switch
        {
            "completed" => "[green]✓[/]",
            "failed" => "[red]✗[/]",
            "skipped" => "[grey]–[/]",
            _ => "[grey]…[/]",
        };
        AnsiConsole.MarkupLine($"  {mark} {happened.Progress,3} % {Markup.Escape(happened.Stage),-8} [grey]{Markup.Escape(Detail(happened))}[/]");
    }

    public static void Print(ScanResult result)
    {
        if (result.Answer is not { } answer)
        {
            AnsiConsole.MarkupLineInterpolated($"  [red]{result.Error?.Message ?? result.Message ?? result.Status}[/]");
            return;
        }

        AnsiConsole.WriteLine();
        AnsiConsole.MarkupLineInterpolated($"  [bold green]{answer.Headline}[/]");
        foreach (var line in answer.Safety)
        {
            AnsiConsole.MarkupLineInterpolated($"  [red]! {line}[/]");
        }

        foreach (var step in answer.Steps)
        {
            AnsiConsole.MarkupLineInterpolated($"  {(step.Done ? "☑" : "☐")} {step.Order}. {step.Text}");
        }

        foreach (var missing in answer.Insufficiencies)
        {
            AnsiConsole.MarkupLineInterpolated($"  [yellow]· {missing.Text}[/]");
        }

        AnsiConsole.MarkupLineInterpolated($"  {answer.UserAnswer}");
        if (result.Reward is { } reward)
        {
            AnsiConsole.MarkupLineInterpolated(reward.Character is { } character
                ? (FormattableString)$"  [bold magenta]★ {character.Name}[/] [grey]({reward.Status})[/] {character.Dialog}"
                : $"  [grey]{reward.Status} {reward.ReasonCode}[/]");
        }

        AnsiConsole.MarkupLineInterpolated($"  [grey]{result.Vision?.Model.Provider}, {result.TimingsMs?.GetValueOrDefault("total")} ms {string.Join(' ', result.Warnings)}[/]");
        AnsiConsole.WriteLine();
    }

    private static string Detail(JobEvent happened)
    {
        if (happened.Error is { } error)
        {
            return error.Message;
        }

        return happened is { Stage: "vision", Result: { } seen } && JsonSerializer.Deserialize(seen, ContractsJson.Default.VisionResult) is { } vision
            ? $"{vision.Primary.MinorCategory ?? vision.Primary.MiddleCategory} ({vision.Primary.Confidence:P0})"
            : happened.Message ?? "";
    }
}
