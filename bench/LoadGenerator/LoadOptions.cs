namespace Eco2.LoadGenerator;

/// <summary>What a run of the generator does.</summary>
/// <param name="Gateways">Addresses of the gateway.</param>
/// <param name="ModelControl">Address of the model stand-in.</param>
/// <param name="Users">Closed loop: so many users submit, follow to the end and at once submit again. 0 with a rate.</param>
/// <param name="Rate">Open loop: so many submits a second, however many are under way; null for the closed loop.</param>
/// <param name="JobsPerAccount">Users that share one account: an account may have five streams open.</param>
/// <param name="WarmUp">From the last user's start to the beginning of the measured window.</param>
/// <param name="Duration">Length of the measured window.</param>
/// <param name="Drain">How long the jobs under way may take after the window.</param>
/// <param name="StartOver">The users start spread over this time.</param>
/// <param name="CutChance">Chance, after each event, that a client cuts its connection and comes back.</param>
/// <param name="PicturesPerAccount">Different pictures that each account uploads.</param>
/// <param name="PrepareOnly">Ends when accounts and pictures are there.</param>
/// <param name="Cold">The system may not run yet: accounts and pictures are taken as an earlier run has left them.</param>
internal sealed record LoadOptions(
    IReadOnlyList<Uri> Gateways,
    Uri ModelControl,
    int Users,
    double? Rate,
    int JobsPerAccount,
    TimeSpan WarmUp,
    TimeSpan Duration,
    TimeSpan Drain,
    TimeSpan StartOver,
    double CutChance,
    int PicturesPerAccount,
    bool PrepareOnly,
    bool Cold,
    string PicturesFolder,
    string AccountFile,
    string Out);
