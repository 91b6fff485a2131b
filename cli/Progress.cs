using System.Diagnostics;
using Spectre.Console;

namespace Eco2.Cli;

/// <summary>Says what is going on: one line per step with its time, a spinner on a terminal. Everything goes to standard error,
/// so that standard output stays the result.</summary>
internal sealed class Progress
{
    private readonly IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
    {
        Out = new AnsiConsoleOutput(Console.Error),
        Ansi = Console.IsErrorRedirected ? AnsiSupport.No : AnsiSupport.Detect,
        Interactive = Console.IsErrorRedirected ? InteractionSupport.No : InteractionSupport.Detect,
    });

    public Progress() => console.Profile.Width = Console.IsErrorRedirected ? 500 : console.Profile.Width;

    public void Say(string line) => console.MarkupLineInterpolated($"  {line}");

    public void Warn(string line) => console.MarkupLineInterpolated($"[yellow]! {line}[/]");

    public async Task<T> StepAsync<T>(string name, Func<Action<string>, Task<T>> work)
    {
        var clock = Stopwatch.StartNew();
        T result;
        if (console.Profile.Capabilities.Interactive)
        {
            result = await console.Status().StartAsync(Markup.Escape(name), status => work(detail => status.Status(Markup.Escape($"{name}: {detail}"))));
        }
        else
        {
            console.MarkupLineInterpolated($"[grey]…[/] {name}");
            result = await work(_ => { });
        }

        console.MarkupLineInterpolated($"[green]✓[/] {name} [grey]{clock.Elapsed.TotalSeconds:0.0} s[/]");
        return result;
    }

    public Task StepAsync(string name, Func<Action<string>, Task> work) =>
        StepAsync(name, async detail =>
        {
            await work(detail);
            return true;
        });
}
