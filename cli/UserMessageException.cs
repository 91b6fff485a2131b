namespace Eco2.Cli;

/// <summary>Something the person at the keyboard can act on: printed as one sentence, without a stack trace.</summary>
/// <param name="message">The sentence.</param>
/// <param name="exitCode">What the command ends with: 2 for words on its line that cannot be used, else 1.</param>
internal sealed class UserMessageException(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
