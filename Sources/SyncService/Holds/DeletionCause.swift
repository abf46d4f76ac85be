import SyncModel

/// What made many deletions at once, as far as it can be told. A person decides cause by cause.
enum DeletionCause: Hashable {
    /// The highest container above them that is gone as well.
    case container(PairID)
    /// Who deleted them, as the side's log names him.
    case author(String)
    case unknown

    /// What `--cause` takes. It stays the same as long as the cause does.
    var token: String {
        switch self {
        case .container(let pair): "\(pair.rawValue)"
        case .author(let name): name
        case .unknown: "none"
        }
    }

    /// Containers first.
    var rank: Int {
        switch self {
        case .container: 0
        case .author: 1
        case .unknown: 2
        }
    }
}
