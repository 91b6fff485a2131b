namespace Eco2.Contracts.Scan;

/// <summary>Answer of <c>GET /api/v1/scan/categories</c>: everything the product can tell apart. The worker owns it.</summary>
/// <param name="Version">Changes with every edit.</param>
/// <param name="Majors">The 8 majors.</param>
/// <param name="Tags">The 79 situation tags.</param>
public sealed record TaxonomyDocument(string Version, IReadOnlyList<TaxonomyMajor> Majors, IReadOnlyList<TaxonomyTag> Tags);

/// <summary>A major category.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="NameKo">Korean name.</param>
/// <param name="NameEn">English name.</param>
/// <param name="Rewardable">True if characters can be earned with it.</param>
/// <param name="Middles">12 for recyclables; one that equals the major for the others, none for unclassified.</param>
public sealed record TaxonomyMajor(string Code, string NameKo, string NameEn, bool Rewardable, IReadOnlyList<TaxonomyMiddle> Middles);

/// <summary>A middle category.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="NameKo">Korean name.</param>
/// <param name="NameEn">English name.</param>
/// <param name="Items">What belongs to it.</param>
public sealed record TaxonomyMiddle(string Code, string NameKo, string NameEn, IReadOnlyList<TaxonomyItem> Items);

/// <summary>An item.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="NameKo">Korean name.</param>
/// <param name="NameEn">English name.</param>
/// <param name="Aliases">Other Korean names.</param>
public sealed record TaxonomyItem(string Code, string NameKo, string NameEn, IReadOnlyList<string> Aliases);

/// <summary>A situation tag.</summary>
/// <param name="Code">Stable code.</param>
/// <param name="NameKo">Korean name.</param>
/// <param name="NameEn">English name.</param>
public sealed record TaxonomyTag(string Code, string NameKo, string NameEn);
