namespace Eco2.Cli;

/// <summary>Something the person at the keyboard can act on: printed as one sentence, without a stack trace.</summary>
internal sealed class UserMessageException(string message) : Exception(message);
