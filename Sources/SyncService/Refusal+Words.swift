import LDAPClient
import SyncModel

/// A server's refusal for a person: its words, and what to do.
extension Refusal {
    /// What follows "refuses …". Some servers have no words but the code.
    var explanation: String {
        let words = [message, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
        return (code == 0 ? "" : " (result code \(code))") + (words.isEmpty ? "" : ": \(words)")
    }

    /// The same on its own.
    var words: String {
        let said = code == 0 ? message : message.isEmpty ? "result code \(code)" : "\(message) (result code \(code))"
        return [said, remedy].filter { !$0.isEmpty }.joined(separator: "; ")
    }

    private var remedy: String {
        switch reason {
        case .nameTaken: "another entry has this name: rename or delete one of them"
        case .valueTaken: "another entry has this unique value: change one of them"
        case .noParent: "its container does not exist there: create it"
        // Our own words say what to do.
        case .notAllowed: code == 0 ? "" : "grant the bind account the right to write this"
        case .invalid where ActiveDirectoryDiagnostic(message)?.hint == .passwordPolicy:
            "the password policy takes none that Syncline makes: relax it, or set a password there"
        case .invalid where Self.ofSchema.contains(LDAPResultCode(rawValue: code)):
            "the schema there does not take this: add an object class to the object's objectClass, or take the rule out"
        case .invalid: "correct the value at its source"
        case .notLeaf: "the entry has children: move or delete them first"
        case .other: ""
        }
    }

    private static let ofSchema: Set<LDAPResultCode> = [.undefinedAttributeType, .objectClassViolation]
}
