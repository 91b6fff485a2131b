namespace Eco2.LoadGenerator;

/// <summary>Makes the accounts of a run and uploads their pictures, as far as an earlier run on the same system has not.</summary>
internal sealed class Enrolment(ScanClient client, LoadOptions options, Action<string> say)
{
    public async Task<List<Account>> PrepareAsync(int count, CancellationToken ct)
    {
        var pictures = await Pictures.ReadAsync(options.PicturesFolder, ct);
        var accounts = await AccountFile.ReadAsync(options.AccountFile, ct);
        var known = Math.Min(accounts.Count, count);
        say($"accounts: {known} known, {count - known} to sign up; {pictures.Count} pictures of {pictures.Average(p => p.Length) / 1024:0} KB on average");
        await RenewAsync(accounts[..known], ct);
        while (accounts.Count < count)
        {
            // The system hashes one password at a time, so a few wait in line and no more.
            var batch = await Task.WhenAll(Enumerable.Range(accounts.Count, Math.Min(20, count - accounts.Count)).Select(n => SignUpAsync(n, ct)));
            accounts.AddRange(batch);
            await AccountFile.WriteAsync(options.AccountFile, accounts, ct);
            say($"accounts: {accounts.Count} of {count}");
        }

        await UploadAsync(accounts[..count], pictures, ct);
        await AccountFile.WriteAsync(options.AccountFile, accounts, ct);
        return accounts[..count];
    }

    private async Task RenewAsync(IReadOnlyList<Account> accounts, CancellationToken ct)
    {
        foreach (var account in accounts)
        {
            // A run is shorter than a token's life, so it is renewed before and not in the middle.
            account.ExpiresAt = default;
        }

        await Parallel.ForEachAsync(accounts, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = ct }, async (account, stop) => await client.RenewAsync(account, stop));
    }

    private Task<Account> SignUpAsync(int n, CancellationToken ct) =>
        client.SignUpAsync($"load-{n}-{Random.Shared.Next():x8}@eco2.example", $"a long enough passphrase {Random.Shared.NextInt64():x}", ct);

    private async Task UploadAsync(IReadOnlyList<Account> accounts, IReadOnlyList<byte[]> pictures, CancellationToken ct)
    {
        var uploads = accounts
            .SelectMany((account, n) => Enumerable.Range(account.Pictures.Count, Math.Max(0, options.PicturesPerAccount - account.Pictures.Count)).Select(p => (account, Picture: ((n * options.PicturesPerAccount) + p) % pictures.Count)))
            .ToList();
        var (sent, sizes) = (0, 0L);
        await Parallel.ForEachAsync(uploads, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = ct }, async (upload, stop) =>
        {
            var stored = await client.UploadAsync(upload.account, pictures[upload.Picture], stop);
            Interlocked.Add(ref sizes, stored.Bytes);
            if (Interlocked.Increment(ref sent) % 100 == 0)
            {
                say($"pictures: {sent} of {uploads.Count}, {sizes / 1024 / sent} KB each as stored");
            }
        });
    }
}
