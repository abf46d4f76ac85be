/// Text of a server's own, for logs, status and quarantine: bounded, and without characters that would end a line or steer a terminal.
enum ServerText {
    /// What is longer is cut, and says so.
    static let maximumOctets = 1024

    static func shown(_ octets: UnsafeRawBufferPointer) -> String {
        let isCut = octets.count > maximumOctets
        let text = String(decoding: octets.prefix(maximumOctets), as: UTF8.self)
        var shown = ""
        for scalar in text.unicodeScalars {
            shown.unicodeScalars.append(isHarmless(scalar) ? scalar : " ")
        }
        while shown.last == " " { shown.removeLast() }
        return isCut ? "\(shown) … (\(octets.count) octets)" : shown
    }

    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: false
        default: true
        }
    }
}
