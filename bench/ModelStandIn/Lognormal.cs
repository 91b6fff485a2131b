namespace Eco2.ModelStandIn;

/// <summary>Lognormal times. They are drawn by strata: each <see cref="Strata"/> draws hold one of every equally likely range, in random order,
/// so that the mean of some hundred draws is the set mean and two runs can be compared.</summary>
internal sealed class Lognormal
{
    private const int Strata = 256;

    private readonly int[] order = [.. Enumerable.Range(0, Strata)];
    private readonly Lock gate = new();
    private int next = Strata;

    public double Next(double mean, double sigma)
    {
        int stratum;
        lock (gate)
        {
            if (next == Strata)
            {
                Random.Shared.Shuffle(order);
                next = 0;
            }

            stratum = order[next++];
        }

        var share = (stratum + Random.Shared.NextDouble()) / Strata;
        return mean * Math.Exp((sigma * Normal(share)) - (sigma * sigma / 2));
    }

    /// <summary>The quantile function of the normal distribution, by Acklam's rational approximation (relative error below 1.2e-9).</summary>
    private static double Normal(double p)
    {
        p = Math.Clamp(p, 1e-9, 1 - 1e-9);
        const double Low = 0.02425;
        if (p is > Low and < 1 - Low)
        {
            var q = p - 0.5;
            var r = q * q;
            return q * Horner(r, -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00)
                / Horner(r, -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01, 1);
        }

        var tail = Math.Sqrt(-2 * Math.Log(p < 0.5 ? p : 1 - p));
        var x = Horner(tail, -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00)
            / Horner(tail, 7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1);
        return p < 0.5 ? x : -x;
    }

    private static double Horner(double x, params ReadOnlySpan<double> coefficients)
    {
        var sum = 0.0;
        foreach (var coefficient in coefficients)
        {
            sum = (sum * x) + coefficient;
        }

        return sum;
    }
}
