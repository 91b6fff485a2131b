using System.Diagnostics;

namespace Eco2.Testing;

/// <summary>A look into a RabbitMQ behind the back of AMQP: the server evaluates an expression of its own language.</summary>
public static class ErlangNode
{
    private static int looks;

    /// <param name="port">Where the server listens for others of its kind.</param>
    /// <param name="cookie">What they know each other by.</param>
    /// <param name="expression">Ends with a full stop.</param>
    /// <returns>The value, as Erlang writes it.</returns>
    public static async Task<string> AskAsync(int port, string cookie, string expression)
    {
        var call = Directory.GetFiles("/usr/lib/erlang", "erl_call", SearchOption.AllDirectories)[0];
        // Callers at the same time need names of their own.
        using var process = Process.Start(
            new ProcessStartInfo(call, ["-h", $"look{Environment.ProcessId}x{Interlocked.Increment(ref looks)}", "-address", $"127.0.0.1:{port}", "-c", cookie, "-e"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        await process.StandardInput.WriteLineAsync(expression);
        process.StandardInput.Close();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output.StartsWith("{ok, ", StringComparison.Ordinal) ? output[5..^1] : throw new InvalidOperationException($"RabbitMQ refused {expression}: {output}");
    }
}
