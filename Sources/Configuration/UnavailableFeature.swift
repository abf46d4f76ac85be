/// What the file may say one day and this version does not do: refused, so that nobody relies on it. A feature that
/// arrives takes its row away.
struct UnavailableFeature: Sendable {
    /// The key, as in ``Grammar``.
    let path: String
    /// Whether a scalar value asks for the feature; nil stands for a list or a section.
    let concerns: @Sendable (String?) -> Bool
    /// What this version does instead.
    let remedy: String

    private init(_ path: String, _ remedy: String, concerns: @escaping @Sendable (String?) -> Bool = { _ in true }) {
        self.path = path
        self.concerns = concerns
        self.remedy = remedy
    }

    static let all: [UnavailableFeature] = [
        UnavailableFeature(
            "deletes.policy",
            "remove it, or write `policy: delete` or `policy: keep`",
            concerns: { $0 == "disable" || $0 == "move" }
        ),
        UnavailableFeature(
            "objects.deletes.policy",
            "remove it, or write `policy: delete` or `policy: keep`",
            concerns: { $0 == "disable" || $0 == "move" }
        ),
        UnavailableFeature(
            "deletes.grace",
            "remove it (a proven delete is carried at once)",
            concerns: { text in text.flatMap(Duration.init(configured:)).map { $0 > .zero } ?? false }
        ),
        UnavailableFeature(
            "deletes.limit",
            "remove it (deletes are not counted; `policy: keep` carries none)",
            concerns: { $0 != "none" }
        ),
        UnavailableFeature("gateway", "remove it (clients go on binding at the directories themselves)"),
    ]
}
