using System.Text.Json;
using System.Text.Json.Serialization;

namespace Eco2.LoadGenerator;

/// <summary>What a run found, as JSON. Submits count by when they were answered, scans by when they ended; both only inside the measured window.
/// The check counts all jobs of the run.</summary>
/// <param name="WindowSeconds">Length of the measured window.</param>
/// <param name="Refused429">This user has too many in flight.</param>
/// <param name="Refused503">The system is full.</param>
/// <param name="OtherAnswers">Neither 202 nor one of these.</param>
/// <param name="NoAnswers">Connections that broke or timed out.</param>
/// <param name="GaveUp">Users who were not served within their patience, in the whole run.</param>
/// <param name="ModelMeanMs">Mean of what the models took per scan.</param>
/// <param name="Overhead">End to end minus model time, scan by scan.</param>
/// <param name="IdealPerMinute">Users × 60 / mean model time; 0 when the models take no time or at a fixed rate.</param>
/// <param name="EndToEndOverModelP95">p95 of end to end over p95 of model time; 0 when the models take no time.</param>
/// <param name="DonePerSecond">Scans done in each second of the window.</param>
/// <param name="EndToEndP95PerSecond">p95 of the scans that ended in each second of the window.</param>
/// <param name="SubmitP95PerSecond">p95 of the submits accepted in each second of the window.</param>
internal sealed record LoadReport(
    int Users,
    double? Rate,
    int Accounts,
    double WindowSeconds,
    int Submitted,
    int Accepted,
    int Refused429,
    int Refused503,
    int OtherAnswers,
    int NoAnswers,
    int GaveUp,
    int Done,
    int NotDone,
    double DonePerMinute,
    double IdealPerMinute,
    double ShareOfIdeal,
    Percentiles Submit,
    Percentiles Refusal,
    Percentiles FirstEvent,
    Percentiles EndToEnd,
    Percentiles ModelTime,
    double ModelMeanMs,
    Percentiles Overhead,
    double EndToEndOverModelP95,
    double DrainSeconds,
    LedgerReport Check,
    int[] DonePerSecond,
    double[] EndToEndP95PerSecond,
    double[] SubmitP95PerSecond)
{
    public Task WriteAsync(string path, CancellationToken ct) =>
        File.WriteAllBytesAsync(path, JsonSerializer.SerializeToUtf8Bytes(this, ReportJson.Default.LoadReport), ct);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(LoadReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
