namespace Eco2.Contracts.Scan;

/// <summary>The 202 answer of <c>GET /api/v1/scan/{job_id}/result</c> while the scan is not finished.</summary>
/// <param name="TaskId">The job.</param>
/// <param name="Status">processing.</param>
/// <param name="Message">A caption.</param>
/// <param name="CurrentStage">The stage of the newest event.</param>
/// <param name="Progress">0 to 100 percent.</param>
public sealed record ScanProgress(Guid TaskId, string Status, string Message, string CurrentStage, int Progress);
