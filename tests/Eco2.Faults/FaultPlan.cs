using System.Globalization;

namespace Eco2.Faults;

/// <summary>How hard the suite tries: the short form is part of <c>./eco2 test</c>, the long one is asked for with ECO2_FAULTS=long.</summary>
/// <param name="IsLong">True for the long form.</param>
/// <param name="People">Jobs in flight the whole time.</param>
/// <param name="Accounts">Whose jobs they are.</param>
/// <param name="VisionMeanMs">How long the model looks.</param>
/// <param name="AnswerMeanMs">How long the model words.</param>
/// <param name="Pause">How long a process that is stopped by SIGSTOP stands still.</param>
/// <param name="Random">How long faults come at random after each had its turn.</param>
/// <param name="Seed">Of the random part.</param>
internal sealed record FaultPlan(bool IsLong, int People, int Accounts, double VisionMeanMs, double AnswerMeanMs, TimeSpan Pause, TimeSpan Random, int Seed)
{
    public static FaultPlan FromEnvironment()
    {
        var isLong = Environment.GetEnvironmentVariable("ECO2_FAULTS") == "long";
        var seed = Number("ECO2_FAULTS_SEED") ?? System.Random.Shared.Next(1, 1_000_000);
        return isLong
            ? new FaultPlan(true, Number("ECO2_FAULTS_JOBS") ?? 500, 125, 9000, 6000, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(Number("ECO2_FAULTS_MINUTES") ?? 7), seed)
            : new FaultPlan(false, Number("ECO2_FAULTS_JOBS") ?? 100, 25, 3000, 2000, TimeSpan.FromSeconds(10), TimeSpan.Zero, seed);
    }

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
