internal import SyncModel

/// A password that no one knows, for an account that must be enabled before anyone has set one.
enum InitialPassword {
    private static let classes = [
        Array("ABCDEFGHJKLMNPQRSTUVWXYZ".utf8),
        Array("abcdefghijkmnopqrstuvwxyz".utf8),
        Array("23456789".utf8),
        Array("!#$%&()*+-./:;<=>?@[]^_{|}~".utf8),
    ]

    /// What unicodePwd takes: quoted, in UTF-16, little-endian ([MS-ADTS] 3.1.1.3.1.5). 32 characters of four classes.
    static func make() -> Octets {
        var generator = SystemRandomNumberGenerator()
        var characters: [UInt8] = []
        for index in 0..<32 {
            let alphabet =
                index < classes.count ? classes[index] : classes.randomElement(using: &generator) ?? classes[0]
            characters.append(alphabet.randomElement(using: &generator) ?? 0x41)
        }
        characters.shuffle(using: &generator)
        let quote = UInt8(ascii: "\"")
        let octets = Octets(([quote] + characters + [quote]).flatMap { [$0, 0] })
        for index in characters.indices { characters[index] = 0 }
        return octets
    }
}
