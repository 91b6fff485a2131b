namespace Eco2.Worker.Scan;

/// <summary>A prompt file, read once.</summary>
internal static class Prompt
{
    internal static string Read(string name)
    {
        var resource = $"Eco2.Worker.Scan.Prompts.{name}.md";
        using var stream = typeof(Prompt).Assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"{resource} is missing.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    internal static string Fill(this string prompt, string name, string value) => prompt.Replace("{{" + name + "}}", value, StringComparison.Ordinal);
}
