namespace Eco2.ServiceDefaults;

/// <summary>A table whose rows belong to users: what an export shows of it and a deletion takes out of it.</summary>
/// <param name="Name">In the service's schema.</param>
/// <param name="Key">A column whose text tells the rows of one user apart.</param>
/// <param name="Owner">The column with the user's id.</param>
public sealed record UserTable(string Name, string Key, string Owner = "user_id")
{
    /// <summary>Which rows are the user's: a condition on <c>t</c> with the user's id as $1.</summary>
    public string Where { get; init; } = $"t.{Owner} = $1";

    /// <summary>Columns that are not the user's to read, such as hashes of secrets.</summary>
    public IReadOnlyList<string> Secret { get; init; } = [];

    /// <summary>False for what an export leaves out.</summary>
    public bool IsExported { get; init; } = true;

    /// <summary>False for what must outlive the account.</summary>
    public bool IsErased { get; init; } = true;

    /// <summary>Removes what belongs to rows and is not in the database, or writes what goes with their end into their transaction, before the rows go; given
    /// their keys, possibly again.</summary>
    public Func<IServiceProvider, UserRows.UserTransaction, Guid, IReadOnlyList<string>, CancellationToken, Task>? BeforeErase { get; init; }
}

/// <summary>Rows of one table of one user, a page of them.</summary>
/// <param name="Table">Its name.</param>
/// <param name="Rows">As JSON objects, by column.</param>
/// <param name="Next">Where the next page begins, possibly in another table; null: this was the last.</param>
public sealed record UserDataPage(string Table, IReadOnlyList<System.Text.Json.JsonElement> Rows, string? Next);

/// <summary>What was taken out, in all tries together.</summary>
/// <param name="Removed">Rows by table.</param>
public sealed record ErasedUser(IReadOnlyDictionary<string, long> Removed);
