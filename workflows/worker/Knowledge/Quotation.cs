namespace Eco2.Worker.Knowledge;

/// <summary>Whether a model's text repeats what a user wrote. Such a text would carry the user's words into events and histories.</summary>
internal static class Quotation
{
    // Letters and digits in a row. Shorter runs are the names of things; Hangul says more with less.
    private const int Hangul = 12, Other = 24;

    /// <param name="text">What the model wrote.</param>
    /// <param name="words">What the user wrote, if anything.</param>
    /// <param name="source">What the model was to rest on: it may repeat that, whoever else said it.</param>
    public static bool IsIn(string text, string? words, string source = "")
    {
        if (words is null)
        {
            return false;
        }

        var from = Korean.Squash(words);
        if (from.Length < Hangul)
        {
            return false;
        }

        var (said, allowed) = (Korean.Squash(text), Korean.Squash(source));
        for (var at = 0; at + Hangul <= from.Length; at++)
        {
            var length = Korean.HasHangul(from.Substring(at, Hangul)) ? Hangul : Other;
            if (at + length <= from.Length && from.Substring(at, length) is var run
                && said.Contains(run, StringComparison.Ordinal) && !allowed.Contains(run, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
