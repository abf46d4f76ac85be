/// Passwords that no person chose. Chance comes from outside.
package enum RandomPassword {
    /// In characters; about 190 bits.
    package static let usualLength = 32
    /// The longest that every way of logging on to AD takes, in characters.
    package static let greatestLength = 127

    /// Without those that are taken for one another when somebody reads them out.
    private static let classes = [
        Array("ABCDEFGHJKLMNPQRSTUVWXYZ".utf8),
        Array("abcdefghijkmnopqrstuvwxyz".utf8),
        Array("23456789".utf8),
        Array("!#$%&()*+-./:;<=>?@[]^_{|}~".utf8),
    ]

    /// Printable ASCII of all four classes.
    ///
    /// - Parameters:
    ///   - minimumLength: what the server demands, in characters; more than `greatestLength` can't be met.
    ///   - names: of the account. AD refuses a password that holds one of them, or a part of one, of three characters or more ([MS-SAMR] 3.1.1.7.2).
    package static func make(
        minimumLength: Int = 0,
        avoiding names: [String] = [],
        using generator: inout some RandomNumberGenerator
    ) -> [UInt8] {
        let length = min(max(usualLength, minimumLength), greatestLength)
        let parts = Self.parts(of: names)
        // One in some thousand passwords holds a name of three characters.
        while true {
            let password = make(length, &generator)
            let text = String(decoding: password, as: UTF8.self).lowercased()
            if !parts.contains(where: { text.contains($0) }) { return password }
        }
    }

    private static func make(_ length: Int, _ generator: inout some RandomNumberGenerator) -> [UInt8] {
        var password: [UInt8] = []
        for index in 0..<length {
            let position = index < classes.count ? index : Int(generator.next(upperBound: UInt(classes.count)))
            let alphabet = classes[position]
            password.append(alphabet[Int(generator.next(upperBound: UInt(alphabet.count)))])
        }
        password.shuffle(using: &generator)
        return password
    }

    /// As AD takes names apart.
    private static func parts(of names: [String]) -> [String] {
        names.flatMap { name in
            let words = name.lowercased().split { ",.-_ #\t".contains($0) }.map(String.init)
            return words + [name.lowercased()]
        }.filter { $0.count >= 3 && $0.utf8.allSatisfy { $0 < 0x80 } }
    }
}
