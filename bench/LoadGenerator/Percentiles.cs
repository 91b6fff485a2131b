namespace Eco2.LoadGenerator;

/// <summary>Milliseconds.</summary>
internal sealed record Percentiles(int Count, double Mean, double P50, double P95, double P99, double Max)
{
    public static Percentiles Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values];
        Array.Sort(sorted);
        return sorted.Length == 0
            ? new Percentiles(0, 0, 0, 0, 0, 0)
            : new Percentiles(sorted.Length, Round(sorted.Average()), At(sorted, 0.5), At(sorted, 0.95), At(sorted, 0.99), Round(sorted[^1]));
    }

    private static double At(double[] sorted, double share) => Round(sorted[Math.Min(sorted.Length - 1, (int)Math.Ceiling(share * sorted.Length) - 1)]);

    private static double Round(double value) => Math.Round(value, 2);
}
