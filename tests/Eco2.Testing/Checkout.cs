namespace Eco2.Testing;

/// <summary>The repository that the tests were built from.</summary>
public static class Checkout
{
    /// <summary>Its folder, found from the test's own one upwards.</summary>
    public static string Root { get; } = Find();

    private static string Find()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Eco2.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not inside a checkout.");
        }

        return folder;
    }
}
