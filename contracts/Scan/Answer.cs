namespace Eco2.Contracts.Scan;

/// <summary>How to put it out.</summary>
/// <param name="Schema">answer/2.</param>
/// <param name="Headline">One line.</param>
/// <param name="FinalPlace">Where it goes after re-routing.</param>
/// <param name="ReroutedFrom">What it looked like before, when it goes elsewhere.</param>
/// <param name="Steps">1 to 10, in order; none when there is no rule.</param>
/// <param name="Insufficiencies">What is not done yet; the blocking ones keep the reward back.</param>
/// <param name="Cautions">From the rule.</param>
/// <param name="Safety">Shown first.</param>
/// <param name="OthersNote">One line about the other objects in the picture.</param>
/// <param name="LocalNote">What differs by municipality.</param>
/// <param name="UserAnswer">50 to 900 characters, at most three sentences, in the user's language.</param>
/// <param name="Rule">The rule it was made from; null when there is none.</param>
/// <param name="Confidence">0 to 1, of the vision.</param>
/// <param name="Model">Who worded it.</param>
public sealed record Answer(
    string Schema,
    string Headline,
    Place? FinalPlace,
    Place? ReroutedFrom,
    IReadOnlyList<AnswerStep> Steps,
    IReadOnlyList<Insufficiency> Insufficiencies,
    IReadOnlyList<string> Cautions,
    IReadOnlyList<string> Safety,
    string? OthersNote,
    string? LocalNote,
    string UserAnswer,
    RuleReference? Rule,
    double Confidence,
    ModelUse Model);

/// <summary>A place waste goes to.</summary>
/// <param name="Code">Middle or major code.</param>
/// <param name="Name">Korean name.</param>
public sealed record Place(string Code, string Name);

/// <summary>One step.</summary>
/// <param name="Order">1 …</param>
/// <param name="Text">What to do.</param>
/// <param name="Done">True if the picture shows it done.</param>
/// <param name="Tags">The situation tags this step is about.</param>
public sealed record AnswerStep(int Order, string Text, bool Done, IReadOnlyList<string> Tags);

/// <summary>Something not done yet.</summary>
/// <param name="Tag">Situation tag code.</param>
/// <param name="Text">In friendly words.</param>
/// <param name="Blocking">True if no reward is given until it is done; decided by rules, never by a model.</param>
public sealed record Insufficiency(string Tag, string Text, bool Blocking);
