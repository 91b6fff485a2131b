using Eco2.Contracts.Media;
using Eco2.Contracts.Scan;

namespace Eco2.Worker.Knowledge;

/// <summary>Makes a vision result of the little the built-in classifier knows (six materials of one object) and of the user's words.
/// Words decide what the picture can't; with neither, it abstains.</summary>
internal sealed class LocalVision(KnowledgeBase knowledge)
{
    // How far the user's words are trusted: alone, when the picture can say nothing about the thing they name;
    // confirmed by the picture; and against a picture that is sure of another material, which stays below "sure".
    private const double WordsAlone = 0.75, Confirmed = 0.92, Contradicted = 0.5, SituationFromWords = 0.9;

    // What the classifier was trained on. Everything else (food, film, foam, batteries, appliances …) falls into one of its six
    // labels by chance, so there its opinion is not asked.
    private static readonly Dictionary<string, string[]> Materials = new()
    {
        ["cardboard"] = ["paper", "paper_pack"],
        ["paper"] = ["paper", "paper_pack"],
        ["glass"] = ["glass"],
        ["metal"] = ["metal"],
        ["plastic"] = ["plastics", "clear_pet"],
        ["trash"] = ["general"],
    };

    public VisionResult Interpret(PhotoClass photo, string? userInput)
    {
        var words = knowledge.Words.Read(userInput);
        var model = new ModelUse("local", photo.Model, photo.LatencyMs);
        return Sight.Result(knowledge, words.NamesSomething ? FromWords(photo, words) : FromPhoto(photo, words), [], model);
    }

    private SeenItem FromPhoto(PhotoClass photo, WordSense words)
    {
        if (photo.Unsure || Guess(photo.Label) is not { } guess)
            return Sight.Make(knowledge, knowledge.Taxonomy.FindMiddle(Taxonomy.Unclassified)!, null, null, photo.Confidence, [], Second(photo));
        return Sight.Make(knowledge, guess.Middle, guess.Item, null, photo.Confidence, Situations(words, guess.Middle), Second(photo));
    }

    private SeenItem FromWords(PhotoClass photo, WordSense words)
    {
        if (words.Rivals.Count > 0)
        {
            // One name, several categories: the picture may know the material, else the user is asked back.
            var fits = words.Rivals.FirstOrDefault(r => !photo.Unsure && Materials.GetValueOrDefault(photo.Label, []).Contains(r.MiddleCode));
            var rival = fits ?? words.Rivals[0];
            var middle = knowledge.Taxonomy.FindMiddle(rival.MiddleCode)!;
            return Sight.Make(knowledge, middle, fits, words.Label, fits is null ? Contradicted : photo.Confidence, Situations(words, middle));
        }
        var named = words.Middle!;
        return Sight.Make(knowledge, named, words.Item, words.Label is { } label && label != named.Ko ? label : null, Trust(photo, named),
            Situations(words, named), Second(photo));
    }

    private static double Trust(PhotoClass photo, Middle named)
    {
        var inItsWorld = Materials.Values.Any(codes => codes.Contains(named.Code)) && named.Code != "general";
        if (!inItsWorld || photo.Unsure || photo.Label == "trash") return WordsAlone;
        return Materials.GetValueOrDefault(photo.Label, []).Contains(named.Code) ? Math.Max(Confirmed, photo.Confidence) : Contradicted;
    }

    /// <summary>What a label means for certain: a kind of thing, and an item only where the label is one.</summary>
    private (Middle Middle, Item? Item)? Guess(string label) => label switch
    {
        "cardboard" => (Known("paper"), knowledge.Taxonomy.FindItem("paper.corrugated")),
        "paper" or "glass" or "metal" => (Known(label), null),
        "plastic" => (Known("plastics"), null),
        "trash" => (Known("general"), null),
        _ => null,
    };

    private RunnerUp? Second(PhotoClass photo) => Guess(photo.RunnerUp) is { } second
        ? new RunnerUp(second.Middle.Code, second.Middle.Ko, photo.RunnerUpConfidence)
        : null;

    /// <summary>The same words mean another tag for another material.</summary>
    private IEnumerable<SeenTag> Situations(WordSense words, Middle middle) => words.Tags
        .Select(tag => (tag, middle.Code) switch
        {
            ("broken", "glass") => "glass_broken",
            ("broken", "lighting") => "lamp_broken",
            ("foreign_matter", "foam") => "foam_tape",
            _ => tag,
        })
        .Select(code => Sight.Tag(knowledge, code, SituationFromWords));

    private Middle Known(string code) => knowledge.Taxonomy.FindMiddle(code)!;
}
