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
        UnavailableFeature("gateway", "remove it (clients go on binding at the directories themselves)")
    ]
}
